"""What those who run the server ask of it, beside the API: whether it lives, whether it is ready, and what it counts."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any, Literal, TypeAlias

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from engine.access import Actor
from engine.errors import Forbidden, HosterError, NotFound, Unauthenticated
from engine.metrics import MEDIA_TYPE, Metrics
from engine.readiness import Readiness

Access: TypeAlias = Literal["loopback", "token", "public"]
Identify: TypeAlias = Callable[[Request], Awaitable[Actor]]

FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip", "via")
"""Headers of proxies: with one of these the peer is not who asks."""


class Operations:
    """See the module. `access` says who may read the metrics and the details of `/ready`."""

    def __init__(
        self, readiness: Readiness, metrics: Metrics, *, access: Access = "loopback", identify: Identify | None = None
    ) -> None:
        self.readiness = readiness
        self._metrics = metrics
        self._access = access
        self._identify = identify

    def routes(self) -> list[Route]:
        """For the router that serves what the API does not."""
        return [
            Route("/", self._welcome),
            Route("/health", self._health),
            Route("/ready", self._ready),
            Route("/metrics", self._show_metrics),
        ]

    async def _welcome(self, request: Request) -> Response:
        """Who comes with a browser finds the pages of the API."""
        return RedirectResponse("/api/v1/docs")

    async def _health(self, request: Request) -> Response:
        """Whether the process answers at all."""
        return _json(200, {"status": "healthy", "version": version("hoster")})

    async def _ready(self, request: Request) -> Response:
        report = await self.readiness.report()
        content: dict[str, Any] = {"status": "ready" if report.ready else "not ready", "checks": report.checks}
        if await self._may_look(request):
            content["details"] = report.details
        return _json(200 if report.ready else 503, content)

    async def _show_metrics(self, request: Request) -> Response:
        try:
            await self._admit(request)
        except HosterError as error:
            headers = {"www-authenticate": 'Bearer realm="hoster"'} if error.status == 401 else {}
            return Response(
                orjson.dumps({"errors": [error.document()]}), error.status, headers, media_type="application/vnd.api+json"
            )
        return Response(self._metrics.text(), 200, {"cache-control": "no-store"}, media_type=MEDIA_TYPE)

    async def _may_look(self, request: Request) -> bool:
        try:
            await self._admit(request)
        except HosterError:
            return False
        return True

    async def _admit(self, request: Request) -> None:
        """Raise the error of who may not look."""
        if self._access == "loopback" and not _from_this_machine(request):
            raise NotFound("There is nothing at this address")
        if self._access == "token":
            actor = await self._identify(request) if self._identify is not None else None
            if actor is None or not actor.facts["known"]:
                raise Unauthenticated("The metrics are for operators: send the token of one")
            if not actor.facts["operator"] or (actor.scopes is not None and "read" not in actor.scopes):
                raise Forbidden("The metrics are for operators")


def _from_this_machine(request: Request) -> bool:
    if any(name in request.headers for name in FORWARDED):
        return False
    if request.client is None:
        return True
    try:
        address = ipaddress.ip_address(request.client.host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def _json(status: int, content: dict[str, Any]) -> Response:
    return Response(orjson.dumps(content), status, {"cache-control": "no-store"}, media_type="application/json")
