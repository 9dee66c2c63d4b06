"""Writes: how values are typed, what is only shown, what is done once, and what is asked first."""

from __future__ import annotations

import contextlib
import os
import pty
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from tests.cli.house import HOSTER, PATIENCE, House


def test_values_are_what_the_schema_says(served: House, tmp_path: Path) -> None:
    served.make("baskets", "name=red", "title=Red")
    (tmp_path / "note.txt").write_text("Two\nlines\n")
    values = (
        "name=typed", "count=3", "weight=2.5", "urgent=yes", "price=12.50 EUR", "due=2027-01-31T09:30:00+01:00",
        'labels=["a", "b"]', f"note=@{tmp_path}/note.txt", "title:=\"@home\"", "basket=red", "pin=@-",
    )  # fmt: skip
    made = served.done("create", "errands", *values, "--json", stdin="1234\n")
    attributes = made.attributes
    assert attributes | {
        "name": "typed", "count": 3, "weight": 2.5, "urgent": True, "price": {"amount": 1250, "currency": "EUR"},
        "due": "2027-01-31T08:30:00.000Z", "labels": ["a", "b"], "note": "Two\nlines\n", "title": "@home",
    } == attributes  # fmt: skip
    assert "pin" not in attributes
    assert "1234" not in made.out
    assert made.document["data"]["relationships"]["basket"]["data"]["type"] == "baskets"
    changed = served.done("set", "errands/typed", "price=", "basket=", "title:=null", "labels:=[]", "due=2027-02-01", "--json")
    assert [changed.attributes[name] for name in ("price", "title", "labels", "due")] == [
        None,
        None,
        [],
        "2027-02-01T00:00:00.000Z",
    ]
    assert changed.document["data"]["relationships"]["basket"]["data"] is None


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("count=many", "count: 'many' is no whole number"),
        ("urgent=perhaps", "urgent: 'perhaps' is neither true nor false"),
        ("price=cheap", "price: 'cheap' is no amount of money such as 5.00 EUR"),
        ("price=0.001", "price: EUR has no such small unit as '0.001' needs"),
        ("due=tomorrow", "due: 'tomorrow' is no time such as 2026-01-31T09:30:00Z or 2026-01-31"),
        ("labels=a", "labels: this is no JSON"),
        ("note=@/nonexistent/file", "note: /nonexistent/file cannot be read"),
        ("name=a\udcff", "is not text in UTF-8"),
        ("weight=inf", "weight: 'inf' is no number that JSON has"),
        ("name", "'name' is not of the form NAME=VALUE"),
        ("nme=x", "errands has no attribute or relationship 'nme'"),
    ],
)
def test_what_makes_no_sense_is_told_before_anything_is_sent(served: House, value: str, why: str) -> None:
    seen = served.run("create", "errands", value)
    assert (seen.code, seen.out) == (2, "")
    assert why in seen.err


def test_what_the_server_refuses_is_told_with_the_field(served: House) -> None:
    seen = served.run("create", "errands", "name=Upper", "count=99", "found=gold")
    assert (seen.code, seen.out) == (1, "")
    for field, code in (("name", "wrong_format"), ("count", "too_large"), ("found", "read_only")):
        assert any(field in line and f"({code})" in line for line in seen.err.splitlines()), field


def test_a_document_gives_values_and_what_was_printed_can_be_sent_back(served: House, tmp_path: Path) -> None:
    (tmp_path / "errand.yaml").write_text(
        "name: written\ndue: 2027-01-01\nprice: {amount: 700, currency: EUR}\nlabels: [x]\ncount: 2\n"
    )
    made = served.done("create", "errands", "-f", str(tmp_path / "errand.yaml"), "count=4", "--json")
    assert (made.attributes["count"], made.attributes["labels"], made.attributes["due"]) == (
        4,
        ["x"],
        "2027-01-01T00:00:00.000Z",
    )
    printed = served.done("get", "errands/written", "--yaml").out
    (tmp_path / "back.yaml").write_text(printed.replace("count: 4", "count: 5"))
    again = served.done("set", "errands/written", "--file", str(tmp_path / "back.yaml"), "--json")
    assert again.attributes["count"] == 5
    assert "Left out, as they cannot be set: status, size, found" in again.err
    (tmp_path / "wrong.yaml").write_text("cuont: 5\n")
    wrong = served.run("set", "errands/written", "-f", str(tmp_path / "wrong.yaml"))
    assert (wrong.code, "Did you mean count?" in wrong.err) == (2, True)
    assert served.done("set", "errands/written", "-f", "-", "--json", stdin='{"count": 6}').attributes["count"] == 6


def test_a_rehearsal_shows_what_would_happen_and_does_nothing(served: House) -> None:
    dry = served.done("create", "errands", "name=dry", "--dry-run")
    assert "Nothing is done; this would happen:" in dry.out
    assert "is created" in dry.out
    assert served.run("get", "errands/dry").code == 1
    row = served.make("errands", "name=rehearsed")
    start = served.done("do", "start", "errands/rehearsed", "--dry-run", "--wait").out
    assert f"errands/{row} goes from idle to walking by start" in start
    assert f"errands.walk is queued for errands/{row}" in start
    changed = served.done("set", "errands/rehearsed", "count=2", "--dry-run").out
    assert f"errands/{row} is changed: count" in changed
    assert "thrown" in served.done("delete", "errands/rehearsed", "--dry-run").out
    state = served.done("get", "errands/rehearsed", "--json").attributes
    assert (state["status"], state["count"]) == ("idle", 1)
    assert served.run("create", "errands", "name=rehearsed", "--dry-run").code == 1, "what would be refused is refused"


def test_the_same_key_makes_one_resource(served: House) -> None:
    first = served.done("create", "errands", "name=keyed", "--idempotency-key", "k-1", "--json").document["data"]["id"]
    assert served.done("create", "errands", "name=keyed", "--idempotency-key", "k-1", "--json").document["data"]["id"] == first
    other = served.run("create", "errands", "name=keyed-2", "--idempotency-key", "k-1")
    assert (other.code, "(idempotency_key_reused)" in other.err) == (1, True)


def test_a_credential_that_is_made_is_shown_once_and_works(served: House) -> None:
    made = served.done("create", "tokens", "name=ci", 'scopes=["read"]').out
    token = next(line.rpartition(" ")[2] for line in made.splitlines() if "shown only now: " in line)
    assert served.raw("get", "errands", token=token).code == 0
    refused = served.raw("create", "errands", "name=beyond", token=token)
    assert (refused.code, "(insufficient_scope)" in refused.err) == (1, True)
    listed = served.done("get", "tokens", "--where", "name=ci", "--json")
    row = listed.document["data"][0]["id"]
    for seen in (listed, served.done("describe", f"tokens/{row}"), served.done("history", f"tokens/{row}")):
        assert token not in seen.out


def test_a_lost_connection_does_not_make_a_write_twice_nor_lose_it(served: House) -> None:
    with cut_once(served.port) as port:
        made = served.raw(
            "create",
            "baskets",
            "name=cut",
            "title=Cut",
            "--json",
            token=served.token("ann"),
            HOSTER_URL=f"http://127.0.0.1:{port}",
        )
    assert made.code == 0, made
    found = served.done("get", "baskets", "--where", "name=cut", "--json").document["data"]
    assert [each["id"] for each in found] == [made.document["data"]["id"]]


class cut_once:  # noqa: N801  reads as what it does
    """A way to the server that swallows the first answer to a POST and hangs up."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._cut = False

    def __enter__(self) -> int:
        threading.Thread(target=self._run, daemon=True).start()
        port: int = self._listening.getsockname()[1]
        return port

    def __exit__(self, *_: object) -> None:
        self._listening.close()

    def _run(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._port)) as server:
            cut = threading.Event()
            threading.Thread(target=self._bring_back, args=(server, client, cut), daemon=True).start()
            with contextlib.suppress(OSError):
                while asked := client.recv(65536):
                    if asked.startswith(b"POST") and not self._cut:
                        self._cut = True
                        cut.set()
                    server.sendall(asked)

    def _bring_back(self, server: socket.socket, client: socket.socket, cut: threading.Event) -> None:
        with contextlib.suppress(OSError):  # either end may hang up first
            while (answer := server.recv(65536)) and not cut.is_set():
                client.sendall(answer)
            client.shutdown(socket.SHUT_RDWR)


def test_deleting_asks_a_person_where_the_definition_says_so(served: House) -> None:
    served.make("errands", "name=asked")
    code, seen = at_terminal(served, "delete", "errands/asked", answer="n\n")
    assert (code, "delete errands/asked (Forget it)? [y/N]" in seen) == (1, True)
    assert served.run("get", "errands/asked").code == 0
    code, _ = at_terminal(served, "delete", "errands/asked", answer="y\n")
    assert code == 0
    assert served.run("get", "errands/asked").code == 1
    served.make("errands", "name=scripted")
    assert "is deleted" in served.done("delete", "errands/scripted").out, "nobody is there to ask"
    served.make("errands", "name=sure")
    code, seen = at_terminal(served, "delete", "errands/sure", "--yes", answer="")
    assert (code, "[y/N]" in seen) == (0, False)


def at_terminal(house: House, *words: str, answer: str) -> tuple[int, str]:
    """Run a command at a terminal; its status, and all that the terminal got."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [HOSTER, *words], env=house.variables(house.token("ann")), stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    os.write(ours, answer.encode())
    seen = b""
    try:
        while piece := os.read(ours, 65536):
            seen += piece
    except OSError:  # the terminal ends with its process
        pass
    os.close(ours)
    return process.wait(PATIENCE), seen.decode()


def test_what_is_in_use_is_not_deleted_and_a_plain_row_is(served: House) -> None:
    served.make("baskets", "name=full", "title=Full")
    served.make("errands", "name=inside", "basket=full")
    refused = served.run("delete", "baskets/full")
    assert (refused.code, "(in_use)" in refused.err) == (1, True)
    served.done("set", "errands/inside", "basket=")
    assert "is deleted" in served.done("delete", "baskets/full").out
