"""Following a resource until it has come to rest: each state with its time, and whether it ended well."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.cli.resources.addressing import Row
from engine.cli.resources.failures import Failure, Refused
from engine.cli.resources.follow import Feed
from engine.cli.resources.render import tone
from engine.cli.resources.safe import say, visible

if TYPE_CHECKING:
    from engine.cli.resources.server import Server


class End(NamedTuple):
    """How it ended: the resource, or None where it is gone, and its last state."""

    resource: Mapping[str, Any] | None
    state: str | None


class Teller:
    """Says what happens: lines with the seconds since the beginning, and on a terminal what is going on just now."""

    def __init__(self, *, err: bool) -> None:
        self._began = time.monotonic()
        self._err = err
        self._status: Any = None

    @contextmanager
    def live(self) -> Iterator[None]:
        """While this lasts, a terminal shows the last word."""
        stream = sys.stderr if self._err else sys.stdout
        if not stream.isatty():
            yield
            return
        from rich.console import Console
        from rich.text import Text

        with Console(file=stream, highlight=False, markup=False).status(Text("")) as status:
            self._status = status
            try:
                yield
            finally:
                self._status = None

    def say(self, text: str, colour: str | None = None) -> None:
        """One line."""
        line = f"{time.monotonic() - self._began:8.2f} s  {visible(text)}"
        if self._status is None:
            say(line, err=self._err)
            return
        from rich.text import Text

        self._status.console.print(Text(line, style=colour or ""))
        self._status.update(Text(visible(text)))


def settle(server: Server, row: Row, cursor: str, state: str | None, seconds: float, teller: Teller) -> End:
    """Follow `row`, which was in `state` at `cursor` or later, until no command is at work in its state.

    Raises `Failure` when that takes longer than `seconds`.
    """
    kind = row.type
    until = time.monotonic() + seconds
    with teller.live(), Feed(server, type_name=kind.name, row=row.id, cursor=cursor) as feed:
        for event in feed.events(until):
            if event.name in ("lost", "back"):
                teller.say("Connection lost; trying again" if event.name == "lost" else "Connected again")
            if event.name == "removed":
                teller.say("gone")
                return End(None, None)
            if event.name == "reset":
                state = _now(server, row).state
            elif event.data.get("id") == row.id:
                state = _tell(kind.state, event.data, teller, lambda name: tone(kind, name)) or state
            else:
                continue
            if not kind.states.get(state or "", {}).get("busy"):
                return _now(server, row)
    raise Failure(f"{row} is still {state} after {seconds:g} seconds", code="timeout")


def _tell(attribute: str | None, event: Mapping[str, Any], teller: Teller, colour: Callable[[str], str | None]) -> str | None:
    """Say what an event tells; the state it led to, if it did."""
    if event.get("kind") == "moved" and event.get("to"):
        teller.say(str(event["to"]), colour(str(event["to"])))
        return str(event["to"])
    if event.get("kind") == "created" and attribute:
        state = (event.get("after") or {}).get(attribute)
        if state:
            teller.say(str(state), colour(str(state)))
        return None if state is None else str(state)
    if event.get("message"):
        teller.say(f"  {event.get('kind')}: {event['message']}")
    return None


def _now(server: Server, row: Row) -> End:
    try:
        resource = server.get(row.path)["data"]
    except Refused as error:
        if error.status == 404:
            return End(None, None)
        raise
    return End(resource, resource["attributes"].get(row.type.state or ""))


def judge(row: Row, end: End) -> None:
    """Raise `Failure` where it ended badly: in a state that is bad, or with a reason why it failed."""
    if end.resource is None:
        return
    kind = row.type
    failure = end.resource["attributes"].get(kind.failure or "")
    if kind.states.get(end.state or "", {}).get("tone") != "bad" and not failure:
        return
    told = failure if isinstance(failure, Mapping) else {}
    why = f": {told['message']} ({told.get('cause')})" if told.get("message") else ""
    hint = told.get("hint")
    raise Failure(
        f"{row} is {end.state}{why}", code=str(told.get("cause") or "failed"), hint=None if hint is None else str(hint)
    )
