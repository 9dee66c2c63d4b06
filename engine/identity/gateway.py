"""Identity headers of a gateway in front of this server. Anybody can send them; they count only with proof.

Proof is the shared secret, or coming from a listed address, that of the connection itself: no forwarding header is asked.
Without proof they are nothing. What is proven and yet makes no sense is refused: a limit that cannot be read is no
permission to have as much as one likes.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, Protocol, TypeAlias

import jsonschema_rs
import orjson

from engine.errors import BadRequest, Unauthenticated
from engine.identity.people import People
from engine.identity.vouched import Vouched
from engine.model import Attribute
from engine.secrets import Secret
from engine.types import TYPES

Network: TypeAlias = "IPv4Network | IPv6Network"

SOURCE = "gateway"
USER, PLAN, LIMITS, KEY, ORGANIZATION = (
    b"x-user-id", b"x-plan-id", b"x-plan-limits", b"x-key-id", b"x-organization-id",
)  # fmt: skip
NAMES = (USER, PLAN, LIMITS, KEY, ORGANIZATION)
SECRET = b"x-apigate-secret"

LONGEST = 255
LONGEST_LIMITS = 8192


class Credentials(Protocol):
    """What of a request says who is asking."""

    method: str
    headers: dict[bytes, bytes]
    scope: Any

    @property
    def peer(self) -> str: ...


class Gateway:
    """See the module."""

    def __init__(self, secret: Secret | None, proxies: Sequence[Network], people: People) -> None:
        self._secret = None if secret is None else secret.reveal().encode()
        self._proxies = tuple(proxies)
        self._trusts: Callable[[str], bool] = lru_cache(maxsize=1024)(self._is_trusted)
        self._limits = people.limits
        schemas = {name: _schema(each) for name, each in people.limits.items()}
        self._validator = jsonschema_rs.Draft202012Validator(
            {"type": "object", "properties": schemas, "additionalProperties": False}
        )

    def believed(self, request: Credentials, *, otherwise: bool) -> tuple[bytes | None, ...] | None:
        """The identity headers of a request, or None when it has none that count.

        `otherwise` is whether the request has another credential; without one, headers that lack proof are refused: whoever
        sends them believes to be somebody, and would be nobody.
        """
        headers = request.headers
        if not headers.get(USER):
            return None
        if not self._is_proven(request):
            if otherwise:
                return None
            raise Unauthenticated("Identity headers came without the gateway's proof", code="gateway_not_proven")
        if len(headers) != len(request.scope["headers"]):
            _refuse_repeated(request.scope["headers"])
        return tuple(headers.get(name) for name in NAMES)

    def read(self, given: tuple[bytes | None, ...]) -> Vouched:
        """What the headers say; raises `BadRequest` when they cannot be understood."""
        user, plan, limits, key, organization = given
        facts = {"key": _text(KEY, key), "organization": _text(ORGANIZATION, organization)}
        subject = _text(USER, user)
        assert subject is not None  # noqa: S101  `believed` answers nothing without it
        return Vouched(SOURCE, subject, _text(PLAN, plan), None if limits is None else self._read_limits(limits), facts)

    def _is_proven(self, request: Credentials) -> bool:
        given = request.headers.get(SECRET)
        if given is not None and self._secret is not None:
            return hmac.compare_digest(given, self._secret)
        return bool(self._proxies) and self._trusts(request.peer)

    def _is_trusted(self, peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._proxies)

    def _read_limits(self, text: bytes) -> Mapping[str, Any]:
        problem = "X-Plan-Limits must be a JSON object of limits: " + ", ".join(self._limits)
        if len(text) > LONGEST_LIMITS:
            raise _bad(problem)
        try:
            limits = orjson.loads(text)
            json.loads(text, object_pairs_hook=_once)
        except (ValueError, RecursionError) as error:
            raise _bad(problem) from error
        if not isinstance(limits, dict) or not self._validator.is_valid(limits):
            raise _bad(problem)
        return limits


def _schema(attribute: Attribute) -> dict[str, Any]:
    """What the attribute itself allows, and never less than nothing."""
    schema = dict(TYPES[attribute.type].schema(attribute))
    if attribute.type != "json":
        schema["minimum"] = max(0, schema.get("minimum") or 0)  # type: ignore[type-var]
    return schema


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object in which no name stands twice: two readers of one that has may each take another value."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands there twice")
    return found


def _refuse_repeated(headers: Sequence[tuple[bytes, bytes]]) -> None:
    seen: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in (*NAMES, SECRET) and seen.setdefault(name, value) != value:
            raise _bad(f"The header {name.decode()} is given twice")


def _text(name: bytes, value: bytes | None) -> str | None:
    if not value:
        return None
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = ""
    if len(value) > LONGEST or not text.isprintable() or text != text.strip() or not text:
        raise _bad(f"{name.decode()} must be at most {LONGEST} bytes of printable UTF-8")
    return text


def _bad(detail: str) -> BadRequest:
    return BadRequest(detail, code="bad_identity_headers")
