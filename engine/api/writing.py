"""What every write has in common: a rehearsal on request, an answer that is given once, and waiting for what it set off.

`?dry_run=true` makes the write and takes it back; the answer is the resource as it would be, with the effects in `meta`.
`Idempotency-Key` makes a request count once. `Prefer: wait=20` holds the answer until the commands of the resource have
ended, at most so many seconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from engine.api.parameters import boolean, parameters, unknown_parameter
from engine.api.request import Request
from engine.api.responses import Response, Result
from engine.errors import BadRequest
from engine.service import Done, Kept, Once, Replay, Seen, Service
from engine.service.changes import Change
from engine.store.unit import Effect

Answering: TypeAlias = "Callable[[Sequence[Seen | None]], Result]"

MAX_KEY, MAX_WAIT, MAX_EFFECTS = 255, 60, 1000
_WAIT = re.compile(r"(?:^|,)\s*wait\s*=\s*\"?([0-9]{1,6})\"?")


@dataclass(frozen=True, slots=True)
class Wish:
    """How a write is wanted. `wait` is in seconds."""

    dry_run: bool = False
    key: str | None = None
    wait: int = 0


PLAIN = Wish()


def wish(request: Request) -> Wish:
    """Read it from the request; raises `BadRequest`."""
    headers = request.headers
    if not request.query and b"idempotency-key" not in headers and b"prefer" not in headers:
        return PLAIN
    dry_run = False
    for name, value in parameters(request.query):
        if name != "dry_run":
            raise unknown_parameter(name, ("dry_run",))
        dry_run = boolean(name, value)
    return Wish(dry_run, _key(headers.get(b"idempotency-key")), _wait(request.listed(b"prefer")))


class Writing:
    """Makes changes as a request wants them made."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def __call__(self, request: Request, changes: Sequence[Change], answer: Answering) -> Response:
        """Make the changes; `answer` writes what goes back for the resources as they are then."""
        wanted = wish(request)
        once = self._once(request, wanted, answer)
        try:
            done = await self._service.perform(request.actor, changes, dry_run=wanted.dry_run, once=once)
        except Replay as replay:
            return _kept(replay.kept)
        if wanted.dry_run:
            return _rehearsed(answer([_unmade(each) for each in done.seen]), done)
        if wanted.wait:
            return await self._awaited(request, wanted.wait, done.seen, answer)
        return answer(done.seen).response()

    def _once(self, request: Request, wanted: Wish, answer: Answering) -> Once | None:
        if wanted.key is None or wanted.dry_run:
            return None
        line = f"{request.method} {request.path}?".encode() + request.query
        version = request.headers.get(b"if-match", b"")
        return Once(wanted.key, b"\n".join((line, version, request.raw)), lambda done: _keepable(answer(done.seen)))

    async def _awaited(self, request: Request, seconds: int, seen: Sequence[Seen | None], answer: Answering) -> Response:
        """The answer once the commands of the resources have ended, or as it is when the time is over."""
        until = self._service.store.ambient.monotonic() + seconds
        latest: list[Seen | None] = []
        for each in seen:
            left = until - self._service.store.ambient.monotonic()
            latest.append(None if each is None else await self._settled(request, each, left))
        result = answer(latest)
        result.extra += ((b"preference-applied", f"wait={seconds}".encode()),)
        return result.response()

    async def _settled(self, request: Request, seen: Seen, seconds: float) -> Seen | None:
        """Read without asking for the scope of reading, as the answer to any write is."""
        type_name, row_id = seen.record.layout.resource.name, seen.record.id
        await self._service.settled(type_name, row_id, seconds)
        store = self._service.store
        kind = store.kind(type_name)
        record = store.find(kind, request.actor, row_id)
        return None if record is None else self._service.shown(request.actor, kind, [record])[0]._replace(made=seen.made)


def _key(given: bytes | None) -> str | None:
    if given is None:
        return None
    text = given.decode("latin-1").strip()
    if not 0 < len(text) <= MAX_KEY or not (text.isascii() and text.isprintable()):
        raise BadRequest(f"Idempotency-Key is 1 to {MAX_KEY} printable ASCII characters, new for each request")
    return text


def _wait(given: bytes | None) -> int:
    """Preferences that are not known here, or make no sense, are passed over: RFC 7240 wants it so."""
    match = _WAIT.search(given.decode("latin-1").lower()) if given else None
    return min(int(match[1]), MAX_WAIT) if match else 0


def _keepable(result: Result) -> Kept:
    """The media type is kept as the first header."""
    headers = (result.media_type, *result.headers)
    return Kept(result.status, tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers), result.body)


def _kept(kept: Kept) -> Response:
    media_type, *headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in kept.headers]
    return Response(kept.status, kept.body, (*headers, (b"idempotency-replayed", b"true")), media_type)


def _rehearsed(result: Result, done: Done) -> Response:
    """200 whatever the write would have answered, and no header that speaks of something that is there now."""
    meta = {"dry_run": True, "effects": [_effect(each) for each in done.effects[:MAX_EFFECTS]]}
    return Result(200, {**(result.document or {"data": None}), "meta": meta}, media_type=result.media_type).response()


def _unmade(seen: Seen | None) -> Seen | None:
    """Without the tokens that a rehearsal made: they are good for nothing."""
    return None if seen is None else Seen(seen.record, seen.hidden)


def _effect(effect: Effect) -> dict[str, Any]:
    shown: dict[str, Any] = {"kind": effect.kind, "type": effect.record.layout.resource.name, "id": effect.record.id}
    told = {name: effect.data[name] for name in ("from", "to", "transition", "command") if name in effect.data}
    after = effect.data.get("after")
    if effect.kind in ("updated", "moved") and isinstance(after, dict):
        told["changes"] = sorted(after)
    return shown | told
