"""Which methods an address has."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeAlias

from engine.api.request import Request
from engine.api.responses import Response, Send, error_response
from engine.errors import MethodNotAllowed


class Answer(Protocol):
    """What an endpoint answers: a response, or something that goes on."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    async def send(self, send: Send, request_id: bytes, *, head: bool = False) -> None:
        """Write it to the server; for HEAD, without its body."""
        ...


Endpoint: TypeAlias = "Callable[[Request, list[str]], Awaitable[Answer]]"


async def by_method(request: Request, handlers: Mapping[str, Callable[..., Awaitable[Answer]]], *arguments: Any) -> Answer:
    """Have the request's method answered; HEAD as GET, OPTIONS by what there is, others refused."""
    handler = handlers.get("GET" if request.method == "HEAD" else request.method)
    if handler is not None:
        return await handler(request, *arguments)
    return _other(request, ", ".join((*handlers, *(("HEAD",) if "GET" in handlers else ()), "OPTIONS")))


def _other(request: Request, allow: str) -> Response:
    header = (b"allow", allow.encode())
    if request.method == "OPTIONS":
        return Response(204, extra=(header,))
    error = MethodNotAllowed(f"{request.method[:16]} is not possible here; possible are {allow}")
    return error_response(error, extra=(header,))
