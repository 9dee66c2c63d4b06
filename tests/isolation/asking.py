"""Asking the API, and looking through what comes back for what should not be in it."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

import httpx
import orjson

from tests.isolation.marks import MARK
from tests.isolation.oracle import Oracle
from tests.isolation.world import Caller, World

BASE = "/api/v1"
JSON_API = "application/vnd.api+json"
ATOMIC = f'{JSON_API};ext="https://jsonapi.org/ext/atomic"'
_ID = re.compile(r"[a-z0-9_]{27,}")
_CURSOR = re.compile(r"page(?:%5B|\[)(?:after|before)(?:%5D|\])=([A-Za-z0-9_-]+)")


@dataclass(frozen=True)
class Ask:
    """A request. `body` is written as JSON, bytes as they are."""

    method: str
    path: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def about(self, before: str, after: str) -> Ask:
        """The same request about another row."""
        if self.body is None or isinstance(self.body, bytes):
            return replace(self, path=self.path.replace(before, after))
        body = orjson.loads(orjson.dumps(self.body).replace(before.encode(), after.encode()))
        return replace(self, path=self.path.replace(before, after), body=body)

    @property
    def raw(self) -> bytes:
        """The body as it is sent."""
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else orjson.dumps(self.body)

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.raw.decode('utf-8', 'replace')} {dict(self.headers)}"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def text(self) -> str:
        """Everything of it, headers first, with cursors in clear."""
        text = "\n".join(f"{name}: {value}" for name, value in self.headers) + "\n\n" + self.body.decode()
        return text + "\n".join(_clear(each) for each in _CURSOR.findall(text))

    @property
    def document(self) -> Any:
        """The JSON of the body."""
        return orjson.loads(self.body)

    @property
    def codes(self) -> list[str]:
        """The codes of its errors."""
        if self.status < 400 or not self.body:
            return []
        return [each["code"] for each in self.document["errors"]]

    def without(self, row_id: str) -> tuple[Any, ...]:
        """All of it, for comparing with the answer about another row."""
        gone = row_id.encode()
        return (
            self.status,
            tuple((name, value.replace(row_id, "ID")) for name, value in self.headers),
            self.body.replace(gone, b"ID"),
        )


class Desk:
    """Asks, and looks for traces in every answer. `count` is how many it has looked through, `codes` the errors in them."""

    def __init__(self, made: World) -> None:
        self.made, self.count = made, 0
        transport = made.running.client._transport
        assert isinstance(transport, httpx.ASGITransport)
        self._app: Any = transport.app
        self.oracle = Oracle(made)
        self._known: dict[str, frozenset[str]] = {}
        self._once: dict[str, frozenset[str]] = {}
        self.codes: Counter[str] = Counter()
        self.statements: list[str] | None = None
        _watch(made, self)

    def look_again(self) -> None:
        """Take account of what has been written."""
        self._once = {caller.name: self.knew(caller) for caller in self.made.callers.values()}
        self.oracle, self._known = Oracle(self.made), {}

    def forget(self) -> None:
        """Take account of what has been written, and of nobody's having known anything before."""
        self._once, self._known, self.oracle = {}, {}, Oracle(self.made)

    def knew(self, caller: Caller) -> frozenset[str]:
        """What a caller may know now, or could at some time: what happened then is told of as it was."""
        return self._knows(caller) | self._once.get(caller.name, frozenset())

    def _knows(self, caller: Caller) -> frozenset[str]:
        if caller.name not in self._known:
            self._known[caller.name] = self.oracle.known(caller)
        return self._known[caller.name]

    async def ask(self, caller: Caller, ask: Ask, *, may: frozenset[str] = frozenset()) -> Answer:
        """The answer; fails where it has a trace of what the caller may not know. `may` is what it may hold besides."""
        answer = await self._send(caller, ask)
        self.count += 1
        self.codes.update(answer.codes)
        assert answer.status < 500, f"{caller.name}: {ask}\n{answer.status} {answer.text}"
        self.search(caller, answer.text, f"{ask.path} {ask.raw.decode('utf-8', 'replace')} {ask.headers}", str(ask), may)
        return answer

    def search(self, caller: Caller, text: str, said: str, where: str, may: frozenset[str] = frozenset()) -> None:
        """Fail where a text holds a mark or an id that the caller neither knows nor said."""
        known = self._knows(caller)
        marks = MARK.findall(_CURSOR.sub("", text).lower())  # what a cursor holds is there in clear; it may look like a mark
        found = {*marks, *(each for each in _ID.findall(text) if each in self.oracle.ids)}
        traces = {each for each in found if each not in known and each not in said and each not in may}
        assert not traces, f"{caller.name}: {where}\nis answered with traces of {self.whose(traces)}:\n{text}"

    def whose(self, traces: set[str]) -> list[str]:
        """Where traces come from."""
        return [
            f"{trace} ({name}/{row_id})"
            for trace in sorted(traces)
            for name, rows in self.oracle.rows.items()
            for row_id, row in rows.items()
            if trace == row_id or trace in str(row)
        ]

    @contextmanager
    def counting(self) -> Iterator[list[str]]:
        """The statements that are executed meanwhile, without their values."""
        self.statements = []
        try:
            yield self.statements
        finally:
            self.statements = None

    async def _send(self, caller: Caller, ask: Ask) -> Answer:
        path, _, query = ask.path.partition("?")
        given = {"x-request-id": "req_test", "content-type": JSON_API, **caller.headers, **ask.headers}
        scope = {
            "type": "http", "method": ask.method, "path": path, "query_string": quote(query, safe="%[]=&,.+:/-_").encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
        }  # fmt: skip
        messages: Sequence[Any] = [{"type": "http.request", "body": ask.raw, "more_body": False}]
        left, sent = iter(messages), []

        async def receive() -> Any:
            return next(left, None) or await asyncio.Event().wait()

        async def send(message: Any) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        headers = tuple((name.decode(), value.decode()) for name, value in sent[0]["headers"])
        return Answer(sent[0]["status"], headers, b"".join(each.get("body", b"") for each in sent[1:]))


def _clear(cursor: str) -> str:
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("utf-8", "replace")
    except (ValueError, binascii.Error):
        return ""


class _Counted:
    """A transaction whose statements are counted."""

    def __init__(self, transaction: Any, desk: Desk) -> None:
        self._transaction, self._desk = transaction, desk

    def __getattr__(self, name: str) -> Any:
        return (
            _counted(getattr(self._transaction, name), self._desk)
            if name in ("run", "one", "all")
            else getattr(self._transaction, name)
        )


def _counted(function: Callable[..., Any], desk: Desk) -> Callable[..., Any]:
    def counted(sql: str, *more: Any) -> Any:
        if desk.statements is not None:
            desk.statements.append(sql)
        return function(sql, *more)

    return counted


def _watch(made: World, desk: Desk) -> None:
    """Have every statement of the system pass by here."""
    database: Any = made.running.store.database
    submit = database.submit
    database.read, database.query = _counted(database.read, desk), _counted(database.query, desk)
    database.submit = lambda work: submit(lambda transaction: work(_Counted(transaction, desk)))
