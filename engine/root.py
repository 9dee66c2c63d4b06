"""The outermost ASGI application: the API by its prefix, everything else by Starlette's router, and the lifespan."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from engine.api import API
from engine.api.application import Scope
from engine.api.responses import Receive, Send
from engine.database import Database
from engine.errors import HosterError

QUEUE = "SELECT count(*), min(due) FROM _commands WHERE open = 1"


class Root:
    """See the module."""

    def __init__(
        self, api: API, database: Database, *, start: Callable[[], Awaitable[None]], stop: Callable[[], Awaitable[None]]
    ) -> None:
        self._api = api
        self._database = database
        self._start, self._stop = start, stop
        self._ready = False
        self._router = Router([Route("/health", self._health), Route("/ready", self._readiness)])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] == "http":
            target: Any = self._api if scope["path"].startswith("/api/") else self._router
            await target(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await self._router(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self._start()
        except BaseException as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            raise
        self._ready = True
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._ready = False
        await self._stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _health(self, request: Request) -> Response:
        """Whether the process answers at all."""
        return _json(200, {"status": "healthy", "version": version("hoster")})

    async def _readiness(self, request: Request) -> Response:
        """Whether requests can be served: database, queue and migrations, each checked now."""
        checks: dict[str, Any] = {"migrations": "ok" if self._ready else "starting"}
        try:
            waiting, _ = self._database.read(QUEUE)[0]
            checks |= {"database": "ok", "queue": "ok", "waiting_commands": waiting}
        except HosterError as error:
            checks |= {"database": error.detail, "queue": "unknown"}
        good = all(checks[name] == "ok" for name in ("database", "queue", "migrations"))
        return _json(200 if good else 503, {"status": "ready" if good else "not ready", "checks": checks})


def _json(status: int, content: dict[str, Any]) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")
