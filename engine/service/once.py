"""A write that is made once, however often it is asked for: the answer is kept under the caller's key.

Key and answer are stored in the transaction of the write itself, so there is no moment at which the write counts and its
answer is not known. Only writes that were made are kept: one that was refused changed nothing, and may be tried again.
An answer may hold a token that is shown once, so answers are encrypted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from engine.errors import Invalid
from engine.service.done import Done
from engine.store import Unit

FIND = "SELECT fingerprint, status, headers, body FROM _answers WHERE id = ?"
KEEP = "INSERT INTO _answers (id, fingerprint, status, headers, body, at) VALUES (?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it was given."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Replay(Exception):
    """The write was made before: this is what was answered."""

    def __init__(self, kept: Kept) -> None:
        super().__init__(kept.status)
        self.kept = kept


class KeyReused(Invalid):
    """The key came with another request before."""

    code, title = "idempotency_key_reused", "The idempotency key belongs to another request"


@dataclass(frozen=True, slots=True)
class Once:
    """One request under a key of its caller. `request` is everything that makes it this one; `answer` writes what goes back."""

    key: str
    request: bytes
    answer: Callable[[Done], Kept]

    def replay(self, unit: Unit) -> None:
        """Raise `Replay` where the write was made before, `KeyReused` where the key was used for another."""
        row = unit.transaction.one(FIND, (self._id(unit),))
        if row is None:
            return
        fingerprint, status, headers, body = row
        if fingerprint != self._fingerprint(unit):
            detail = "This Idempotency-Key was used for another request, or with other rights; make a new key for each request"
            raise KeyReused(detail)
        text = unit.store.keyring.decrypt(body, self._place(unit)).reveal()
        raise Replay(Kept(status, tuple((name, value) for name, value in orjson.loads(headers)), text.encode()))

    def keep(self, unit: Unit, done: Done) -> None:
        """Store the answer."""
        kept = self.answer(done)
        body = unit.store.keyring.encrypt(kept.body.decode(), self._place(unit))
        headers = orjson.dumps(kept.headers).decode()
        unit.transaction.run(KEEP, (self._id(unit), self._fingerprint(unit), kept.status, headers, body, unit.milliseconds))

    def _id(self, unit: Unit) -> str:
        return hashlib.sha256(f"{unit.actor.id}\n{self.key}".encode()).hexdigest()

    def _place(self, unit: Unit) -> str:
        return f"_answers/{self._id(unit)}"

    def _fingerprint(self, unit: Unit) -> str:
        """Of the request, and of what its caller may see as far as that does not depend on rows: an answer that was given
        to an operator, or to a token for everything, is not repeated to who is that no more."""
        actor, sights = unit.actor, unit.store.sights.values()
        used = sorted({fact for sight in sights for fact in sight.facts})
        scopes = None if actor.scopes is None else sorted(actor.scopes)
        rights = orjson.dumps([[actor.facts.get(name) for name in used], scopes], default=_plain)
        return hashlib.sha256(self.request + b"\n" + rights).hexdigest()


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else list(value)
