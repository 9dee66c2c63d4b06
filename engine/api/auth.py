"""`/api/v1/auth/…`: signing up, in and out, passwords, and who one is. Bodies are plain JSON objects.

Every attempt at a password counts against the address that it comes from and the account that it is for.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from engine.access import Actor
from engine.api.documents import BASE, Documents
from engine.api.methods import Answer, by_method
from engine.api.request import Request
from engine.api.responses import Response, document_response
from engine.errors import BadRequest, Forbidden, Invalid, NotFound, Unauthenticated
from engine.identity import Identity
from engine.identity.accounts import Accounts, SignedIn, Where
from engine.identity.cookies import same_site
from engine.rates import Network, Rate, Rates, client_address
from engine.service import Service
from engine.service.validation import escape, raise_all
from engine.types import hashed, to_address

Handler: TypeAlias = Callable[[Request], Awaitable[Answer]]

PATH = f"{BASE}/auth"
LONGEST = 4096
"""Characters of one member of a body; a password may be shorter still."""


class Auth:
    """See the module. `rate` is how often one address, and one account, may be tried."""

    def __init__(
        self,
        service: Service,
        identity: Identity,
        rates: Rates | None = None,
        rate: Rate | None = None,
        proxies: tuple[Network, ...] = (),
    ) -> None:
        self._service, self._identity = service, identity
        self._rates, self._rate, self._proxies = rates, rate, proxies
        self._people = Documents(identity.people.kind)
        local: dict[str, Handler] = {
            "sign-up": self._sign_up,
            "sign-in": self._sign_in,
            "sign-out": self._sign_out,
            "sign-out-everywhere": self._sign_out_everywhere,
            "password": self._password,
            "password-reset": self._ask_for_link,
            "password-reset/confirm": self._use_link,
        }
        self._posts = local if identity.accounts is not None else {}

    async def __call__(self, request: Request, rest: list[str]) -> Answer:
        """Answer one request; `rest` are the parts of its address after `auth`."""
        name = "/".join(rest)
        if name == "me":
            return await by_method(request, {"GET": self._me})
        if name not in self._posts:
            raise NotFound("There is nothing at this address")
        return await by_method(request, {"POST": self._posts[name]})

    # Who one is

    async def _me(self, request: Request) -> Answer:
        request.no_parameters()
        return self._who(request, request.actor, self._identity.csrf(request) if self._has_session(request.actor) else None)

    def _who(
        self, request: Request, actor: Actor, csrf: str | None, status: int = 200, extra: tuple[tuple[bytes, bytes], ...] = ()
    ) -> Response:
        meta: dict[str, Any] = {"ways": self._identity.ways}
        if actor.facts["known"]:
            meta |= {
                "csrf": csrf,
                "limits": dict(actor.facts["limits"]),
                "scopes": None if actor.scopes is None else sorted(actor.scopes),
                "credential": actor.credential,
                "expires_at": actor.expires_at,
            }
        document = {"data": self._user(actor), "links": {"self": f"{PATH}/me"}, "meta": meta}
        return document_response(status, document, extra=extra)

    def _user(self, actor: Actor) -> Mapping[str, Any] | None:
        """The user's own resource; only what names it, where their token may not read users."""
        if not actor.facts["known"]:
            return None
        kind = self._identity.people.kind
        if not actor.within_scope(kind.name, "read"):
            return {"type": kind.name, "id": actor.id}
        return self._people.resource(self._service.get(actor, kind.name, actor.id))

    def _has_session(self, actor: Actor) -> bool:
        accounts = self._identity.accounts
        return accounts is not None and accounts.session_of(actor) is not None

    # In and out

    async def _sign_up(self, request: Request) -> Answer:
        body = await self._body(request, ("email", "password"), more=True)
        more = {name: value for name, value in body.items() if name not in ("email", "password")}
        self._count(request)
        signed = await self._accounts.sign_up(body["email"], body["password"], more, self._where(request))
        return self._signed(request, signed, 201)

    async def _sign_in(self, request: Request) -> Answer:
        body = await self._body(request, ("email", "password"))
        self._count(request, body["email"])
        where, former = self._where(request), request.actor
        return self._signed(request, await self._accounts.sign_in(body["email"], body["password"], where, former), 200)

    async def _sign_out(self, request: Request) -> Answer:
        await self._body(request, ())
        await self._accounts.sign_out(_known(request.actor))
        return Response(204, extra=self._identity.cookies.clear(request))

    async def _sign_out_everywhere(self, request: Request) -> Answer:
        await self._body(request, ())
        await self._accounts.sign_out_everywhere(_whole(request.actor))
        return Response(204, extra=self._identity.cookies.clear(request))

    # Passwords

    async def _password(self, request: Request) -> Answer:
        body = await self._body(request, ("current", "password"))
        actor = _whole(request.actor)
        self._count(request, actor.id)
        signed = await self._accounts.change_password(actor, body["current"], body["password"], self._where(request))
        return Response(204) if signed is None else self._signed(request, signed, 200)

    async def _ask_for_link(self, request: Request) -> Answer:
        body = await self._body(request, ("email",))
        self._count(request, body["email"])
        self._accounts.ask_for_link(body["email"])
        told = "If the address has an account, the operator of this server can pass on a link that is good for an hour."
        return document_response(202, {"data": None, "meta": {"message": told}})

    async def _use_link(self, request: Request) -> Answer:
        body = await self._body(request, ("token", "password"))
        self._count(request)
        await self._accounts.use_link(body["token"], body["password"])
        return Response(204)

    # How

    @property
    def _accounts(self) -> Accounts:
        accounts = self._identity.accounts
        assert accounts is not None  # noqa: S101  without accounts there are no such addresses
        return accounts

    def _signed(self, request: Request, signed: SignedIn, status: int) -> Response:
        """Somebody who has just signed in, with their cookies."""
        actor = self._identity.known_by(signed)
        cookies = self._identity.cookies.set(request, signed.token, signed.csrf, signed.lasts)
        return self._who(request, actor, signed.csrf, status, cookies)

    async def _body(self, request: Request, names: tuple[str, ...], *, more: bool = False) -> dict[str, Any]:
        """The members of the body, texts all of them; from a page of ours, where a browser says from which."""
        same_site(request)
        request.no_parameters()
        body = await request.document()
        problems: list[Any] = [
            Invalid(f"{name} is required", code="required", pointer=f"/{name}") for name in names if name not in body
        ]
        for name, value in body.items():
            pointer = f"/{escape(name)}"
            if name not in names and not more:
                problems.append(BadRequest(f"There is no member {name[:64]!r} here", pointer=pointer))
            elif name in names and not isinstance(value, str):
                problems.append(Invalid(f"{name} must be a text", code="wrong_type", pointer=pointer))
            elif name in names and len(value) > LONGEST:
                problems.append(Invalid(f"{name} is too long", code="too_long", pointer=pointer))
        raise_all(problems)
        return body

    def _where(self, request: Request) -> Where:
        agent = request.headers.get(b"user-agent", b"").decode("latin-1")
        return Where(client_address(request.peer, request.headers, self._proxies), agent)

    def _count(self, request: Request, account: str | None = None) -> None:
        if self._rates is None:
            return
        self._rates.require(f"sign-in from {client_address(request.peer, request.headers, self._proxies)}", self._rate)
        if account is not None:
            self._rates.require(f"sign-in as {hashed(to_address(account))}", self._rate)


def _known(actor: Actor) -> Actor:
    if not actor.facts["known"]:
        raise Unauthenticated("Nobody is signed in")
    return actor


def _whole(actor: Actor) -> Actor:
    if _known(actor).scopes is not None:
        raise Forbidden("A token with scopes may not change how its owner signs in", code="insufficient_scope")
    return actor
