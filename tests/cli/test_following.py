"""Waiting for what was set off, watching, and what has happened."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

from tests.cli.house import HOSTER, PATIENCE, House, house


def test_waiting_prints_each_state_with_its_time(served: House) -> None:
    row = served.make("errands", "name=walked")
    seen = served.done("do", "start", "errands/walked", "--input", "shoes=sandals", "--input", "budget=5", "--wait").out
    lines = seen.splitlines()
    assert lines[0] == f"errands/{row} is walking"
    assert [re.sub(r"^ +\d+\.\d\d s  ", "", line) for line in lines[1:]] == [
        "walking",
        "  progress: Walking in sandals",
        "back",
    ]
    assert served.done("get", "errands/walked", "--json").attributes["found"] == "eggs"


def test_waiting_for_what_fails_tells_why_and_ends_with_1(served: House) -> None:
    row = served.make("errands", "name=fallen", "title=hole")
    seen = served.run("do", "start", "errands/fallen", "--wait=20")
    assert seen.code == 1
    assert seen.out.splitlines()[-1].endswith("  lost")
    assert seen.err.splitlines() == [f"Error: errands/{row} is lost: The street has a hole (fell)", "Hint: Mend the street"]
    as_json = served.run("do", "start", "errands/fallen", "--wait", "--json")
    assert (as_json.code, [each["code"] for each in as_json.document["errors"]]) == (1, ["fell"])
    assert as_json.document["errors"][0]["meta"] == {"hint": "Mend the street"}
    assert served.run("wait", "errands/fallen").code == 1, "it is at rest, and badly"


def states(text: str) -> list[str]:
    """What the lines with times say."""
    return [line.split(" s  ", 1)[1] for line in text.splitlines() if " s  " in line]


def test_what_is_made_and_what_is_deleted_can_be_waited_for(served: House) -> None:
    assert states(served.done("create", "ladders", "name=tall", "--wait").out) == ["rising", "up"]
    assert states(served.done("delete", "ladders/tall", "--input", "softly=no", "--wait").out) == ["falling", "gone"]
    assert served.run("get", "ladders/tall").code == 1
    failed = served.run("create", "ladders", "name=bad", "title=rotten", "--wait")
    assert (failed.code, states(failed.out)) == (1, ["rising", "broken"])
    assert "The wood is rotten (rotten)\nHint: Take another" in failed.err
    gone = served.make("ladders", "name=short")
    served.done("wait", f"ladders/{gone}")
    deleted = served.done("delete", f"ladders/{gone}", "--wait", "--json")
    assert deleted.document == {"data": None}


def test_waiting_as_json_answers_with_the_resource_as_it_is_then(served: House) -> None:
    served.make("errands", "name=answered")
    seen = served.done("do", "start", "errands/answered", "--wait", "--json")
    assert seen.attributes["status"] == "back"
    assert "walking" in seen.err


def test_a_transition_that_does_not_start_here_is_refused(served: House) -> None:
    served.make("errands", "name=nine", "count=9")
    seen = served.run("do", "start", "errands/nine", "--wait")
    assert (seen.code, "Nobody can carry nine (guard_failed)" in seen.err) == (1, True)
    assert served.run("do", "start", "errands/nine", "--input", "hat=red").code == 2


def test_waiting_for_a_value_ends_when_it_is_there_or_the_time_is_over(served: House) -> None:
    row = served.make("errands", "name=later")
    with started(served, "wait", "errands/later", "--for", "count=5", "--timeout", "60s") as waiting:
        served.done("set", "errands/later", "count=5")
        out, _ = waiting.communicate(timeout=PATIENCE)
    assert (waiting.returncode, out.endswith("count=5\n")) == (0, True)
    late = served.run("wait", "errands/later", "--for", "status=back", "--timeout", "100ms")
    assert (late.code, "is not status=back after 0.1 seconds" in late.err) == (1, True)
    assert served.done("wait", "errands/later").out.endswith("  idle\n"), "it is at rest"
    assert served.run("wait", "errands/later", "--timeout", "soon").code == 2
    with started(served, "wait", f"errands/{row}", "--for", "gone") as waiting:
        served.done("delete", "errands/later")
        waiting.communicate(timeout=PATIENCE)
    assert waiting.returncode == 0


def test_history_names_who_did_what_and_which_command(served: House) -> None:
    served.make("errands", "name=past", "price=5")
    served.done("set", "errands/past", "price=7.50", "title=Milk")
    served.done("do", "start", "errands/past", "--wait")
    lines = [line.split("  ", 1)[1].strip() for line in served.done("history", "errands/past").out.splitlines()]
    found = [re.sub(r" {2,}", " | ", re.sub(r"#\d+", "#N", line)) for line in lines]
    assert found == [
        "WHO | WHAT",
        "ann@example.org | created as idle",
        "ann@example.org | updated price: 5.00 EUR → 7.50 EUR, title: – → Milk",
        "ann@example.org, start | idle → walking",
        "command errands.walk | progress: Walking in boots (50%)",
        "command errands.walk #N | walking → back; found: – → eggs",
    ]
    events = served.done("history", "errands/past", "--json", "--limit", "2").document["data"]
    assert [each["attributes"]["kind"] for each in events] == ["progress", "moved"]
    assert served.run("history", "errands/nothing").code == 1


@contextmanager
def started(running: House, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A command that goes on; it is ended with the block."""
    process = subprocess.Popen(
        [HOSTER, *words], env=running.variables(running.token("ann")), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    guard = Timer(PATIENCE * 2, process.kill)
    guard.start()
    try:
        yield process
    finally:
        guard.cancel()
        process.kill()
        process.communicate()


def until(stream: Iterator[str], text: str) -> str:
    """The first line with this text."""
    return next(line for line in stream if text in line)


def test_watching_survives_a_server_that_goes_and_comes_again(tmp_path: Path) -> None:
    with house(tmp_path) as running:
        running.make("errands", "name=before")
        with started(running, "watch", "errands") as plain, started(running, "watch", "errands", "--json") as data:
            assert plain.stdout and plain.stderr and data.stdout and data.stderr
            until(plain.stderr, "Watching errands")
            until(data.stderr, "Watching errands")
            one = running.make("errands", "name=one")
            assert "created as idle  by ann@example.org" in until(plain.stdout, one)
            running.stop(kill=True)
            until(plain.stderr, "Connection lost")
            running.raw("create", "errands", "name=meanwhile", "--local", token=None)
            running.start()
            running.done("set", "errands/one", "count=2")
            running.done("delete", "errands/one")
            assert "updated count: 1 → 2" in until(plain.stdout, one)
            assert one in until(plain.stdout, one)
            until(plain.stderr, "Connected again")
            events = [json.loads(until(data.stdout, one)) for _ in range(3)]
            plain.send_signal(signal.SIGINT)
            assert plain.wait(PATIENCE) == 0
    assert [each["event"] for each in events] == ["added", "updated", "removed"]
    assert [*map(int, (each["seq"] for each in events))] == sorted({each["seq"] for each in events})


def test_watching_one_resource_tells_of_no_other(served: House) -> None:
    served.make("errands", "name=mine")
    other = served.make("errands", "name=other")
    with started(served, "watch", "errands/mine") as watching:
        assert watching.stdout and watching.stderr
        until(watching.stderr, "Watching errands/mine")
        served.done("set", "errands/other", "count=2")
        served.done("set", "errands/mine", "count=3")
        line = next(watching.stdout)
    assert "count: 1 → 3" in line
    assert other not in line
