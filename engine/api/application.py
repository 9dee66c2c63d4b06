"""The API as one ASGI application: an address is split once, and looked up by its first segment.

No framework stands between the server and this: routing by a table of patterns costs more than the answer itself. What a
request may need is worked out when the definitions are loaded.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from time import perf_counter

from engine.api import negotiation
from engine.api.documents import BASE, Documents
from engine.api.methods import Answer, Endpoint
from engine.api.observation import Observation
from engine.api.operations import Operations
from engine.api.parameters import Parameters
from engine.api.request import Request, Scope
from engine.api.resources import Resources
from engine.api.responses import Receive, Send, error_response
from engine.api.shape import Shapes
from engine.api.write_limit import WriteLimit
from engine.api.writing import Writing
from engine.errors import HosterError, NotFound, Unavailable
from engine.identity import Identity
from engine.logs import about
from engine.service import Service

log = logging.getLogger("hoster.api")

PREFIX = f"{BASE}/"


class API:
    """See the module. `body_limit` is in bytes; `endpoints` are further first segments of addresses."""

    def __init__(
        self,
        service: Service,
        identity: Identity,
        *,
        body_limit: int = 1_048_576,
        endpoints: Mapping[str, Endpoint] | None = None,
        observation: Observation | None = None,
        write_limit: WriteLimit | None = None,
    ) -> None:
        self._ambient = service.store.ambient
        self._identity = identity
        self._body_limit = body_limit
        self._observation, self._write_limit = observation, write_limit
        self._endpoints: dict[str, Endpoint] = {**_resources(service, write_limit), **(endpoints or {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request below `/api/v1`."""
        began = perf_counter()
        request = Request(scope, receive, self._body_limit)
        about(request)
        request.id = _request_id(request.headers.get(b"x-request-id")) or "req_" + self._ambient.random_bytes(8).hex()
        try:
            negotiation.accept(request.listed(b"accept"))
            request.actor = self._identity.identify(request) or await self._identity.admit(request)
            if self._write_limit is not None:
                self._write_limit.require(request)
            response = await self._dispatch(request)
        except asyncio.CancelledError:
            if request.stopping is None or not request.stopping.begun:
                raise
            response = error_response(Unavailable("The server stops, and this took too long; try again in a moment"))
        except HosterError as error:
            if error.status >= 500:
                log.error("%s", error.detail, exc_info=None if isinstance(error, Unavailable) else error)
            response = error_response(error)
        except Exception:
            log.exception("A request failed unexpectedly", extra={"path": request.path})
            response = error_response(
                HosterError("The server met a condition it did not expect; the request id leads to the cause")
            )
        if self._observation is not None:
            self._observation.answered(request, response.status, perf_counter() - began)
        await response.send(send, request.id.encode(), head=request.method == "HEAD")

    async def _dispatch(self, request: Request) -> Answer:
        first, *rest = request.path.removeprefix(PREFIX).split("/")
        endpoint = self._endpoints.get(first)
        if endpoint is None or not request.path.startswith(PREFIX):
            raise NotFound("There is nothing at this address")
        return await endpoint(request, rest)


def _resources(service: Service, write_limit: WriteLimit | None) -> dict[str, Endpoint]:
    """An endpoint for each resource type, and the one for several operations at once."""
    types = service.store.types
    documents = {name: Documents(kind) for name, kind in types.items()}
    parameters = {name: Parameters(kind, types, documents) for name, kind in types.items()}
    shapes, writing = Shapes(service, documents), Writing(service)
    endpoints: dict[str, Endpoint] = {
        name: Resources(service, kind, documents, parameters, shapes, writing) for name, kind in types.items()
    }
    return {**endpoints, "operations": Operations(service, documents, writing, write_limit)}


def _request_id(given: bytes | None) -> str | None:
    """The caller's request id, if it is one that can be logged as it is."""
    if given is None or not 0 < len(given) <= 128:
        return None
    text = given.decode("latin-1")
    return text if text.isascii() and text.isprintable() else None
