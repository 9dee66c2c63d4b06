"""Workers that are paused, killed and ended in the middle of a command, as processes beside an API process."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.crash import ledger
from tests.crash.processes import Process, client, free_port

log = logging.getLogger("crash")

HERE = Path(__file__).parent


class Site:
    """An API process, and workers as the test starts them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / "data"
        self.database = self.data / "hoster.db"
        self.processes: list[Process] = []
        self.api = self.process("api", "api")
        self.client = client(self.api.url)

    def process(self, role: str, name: str, **environment: str) -> Process:
        process = Process(
            self.data, role, name, free_port(),
            HOSTER_RESOURCES_PATH=str(HERE / "resources"), HOSTER_EXTENSIONS="tests.crash.extension",
            HOSTER_NODES_LOCAL_SOCKET="", CRASH_FOLDER=str(self.folder), **environment,
        )  # fmt: skip
        self.processes.append(process)
        return process.ready()

    def worker(self, name: str, lease: str = "1s", **environment: str) -> Process:
        return self.process("worker", name, HOSTER_COMMANDS_LEASE=lease, **environment)

    def probe(self) -> str:
        answer = self.client.post("/probes", json={"data": {"type": "probes", "attributes": {"name": "one"}}})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["data"]["id"])

    def fire(self, row: str, transition: str) -> int:
        answer = self.client.post(f"/probes/{row}/{transition}")
        assert answer.status_code == 202, answer.text
        return int(answer.json()["data"]["meta"]["version"])

    def row(self, row: str) -> dict[str, Any]:
        answer = self.client.get(f"/probes/{row}")
        assert answer.status_code == 200
        data = answer.json()["data"]
        return {**data["attributes"], "version": data["meta"]["version"]}

    def told(self, what: str, row: str) -> list[tuple[int, int, float]]:
        """Process, attempt and time of each line about a row."""
        file = self.folder / "told"
        lines = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
        return [(int(pid), int(attempt), float(at)) for word, pid, about, attempt, at in lines if (word, about) == (what, row)]

    def everything(self, row: str) -> tuple[Any, ...]:
        """The row, its events and its commands, to compare."""
        events = ledger.query(self.database, "SELECT * FROM _events WHERE row = ? ORDER BY seq", row)
        return self.row(row), events, ledger.query(self.database, "SELECT * FROM _commands WHERE row = ?", row)

    def release(self) -> None:
        (self.folder / "release").touch()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.client.close()
    for process in made.processes:
        process.kill()


def until(condition: Callable[[], Any], patience: float = 20.0) -> Any:
    """Wait for other processes, which have no other way to tell."""
    end = time.monotonic() + patience
    while not (found := condition()):
        assert time.monotonic() < end, f"not within {patience} s"
        time.sleep(0.01)
    return found


@pytest.mark.parametrize(("transition", "end"), [("wait", "refused"), ("stick", "returned")])
def test_a_worker_paused_past_its_lease_is_replaced_and_changes_nothing_afterwards(
    site: Site, transition: str, end: str
) -> None:
    first, row = site.worker("first"), site.probe()
    site.fire(row, transition)
    assert until(lambda: site.told("began", row))[0][:2] == (first.pid, 1)
    first.pause()
    second = site.worker("second")
    assert until(lambda: site.told("began", row)[1:])[0][:2] == (second.pid, 2)
    site.release()
    until(lambda: site.row(row)["status"] == "done")
    before = site.everything(row)
    assert before[0]["result"] == f"{second.pid}/2"

    first.resume()
    until(lambda: [pid for pid, _, _ in site.told(end, row) if pid == first.pid])
    second.kill()
    proof = site.probe()
    site.fire(proof, "stamp")
    until(lambda: site.row(proof)["status"] == "done")
    assert site.row(proof)["result"] == f"{first.pid}/1", "the first worker is back at work"
    assert site.everything(row) == before
    assert first.pid not in [pid for pid, _, _ in site.told("acted", row)]
    if transition == "stick":
        assert "An outcome came too late and changed nothing" in first.output()
    ledger.check_events(site.database)


def test_a_paused_server_that_nobody_replaced_goes_on_with_its_own_work(site: Site) -> None:
    """As after the lid of a laptop was closed: the handler must not be started a second time beside itself."""
    only, row = site.worker("only"), site.probe()
    site.fire(row, "wait")
    until(lambda: site.told("began", row))
    only.pause()
    time.sleep(1.5)  # the lease has to run out, and nothing happens that would tell
    only.resume()
    proof = site.probe()
    site.fire(proof, "stamp")
    until(lambda: site.row(proof)["status"] == "done")
    time.sleep(0.5)  # more than the third of a lease, after which it looks again
    assert [line[:2] for line in site.told("began", row)] == [(only.pid, 1)]
    site.release()
    until(lambda: site.row(row)["status"] == "done")
    assert site.row(row)["result"] == f"{only.pid}/1"


def test_work_of_a_killed_worker_is_taken_over_long_before_its_lease_is_over(site: Site) -> None:
    workers = {worker.pid: worker for worker in (site.worker("first", "30s"), site.worker("second", "30s"))}
    row = site.probe()
    site.fire(row, "wait")
    pid = until(lambda: site.told("began", row))[0][0]
    killed = time.time()
    workers.pop(pid).kill()
    _, attempt, began = until(lambda: site.told("began", row)[1:])[0]
    log.info("taken over after %.3f s, with a lease of 30 s", began - killed)
    assert began - killed < 3
    assert attempt == 2
    site.release()
    until(lambda: site.row(row)["status"] == "done")
    assert site.row(row)["result"] == f"{next(iter(workers))}/2"
    ledger.check_events(site.database)


def test_an_ended_worker_finishes_what_it_can_in_time(site: Site) -> None:
    worker, row = site.worker("only"), site.probe()
    site.fire(row, "wait")
    until(lambda: site.told("began", row))
    worker.terminate()
    site.release()
    assert worker.wait() == 0
    assert site.row(row)["status"] == "done"
    assert site.row(row)["result"] == f"{worker.pid}/1"


def test_an_ended_worker_hands_back_what_it_cannot_finish(site: Site) -> None:
    worker, row = site.worker("first", "30s", HOSTER_SERVER_SHUTDOWN_TIMEOUT="200ms"), site.probe()
    site.fire(row, "wait")
    until(lambda: site.told("began", row))
    waiting = site.probe()
    worker.terminate()
    assert worker.wait() == 0
    site.fire(waiting, "stamp")
    handed_back = ledger.query(site.database, "SELECT status, attempt, worker FROM _commands WHERE row = ?", row)
    assert handed_back == [("waiting", 0, None)]
    second = site.worker("second")
    assert until(lambda: site.told("began", row)[1:])[0][:2] == (second.pid, 1)
    site.release()
    until(lambda: site.row(row)["status"] == "done" and site.row(waiting)["status"] == "done")


def test_a_worker_of_another_process_begins_within_milliseconds(site: Site) -> None:
    site.worker("only", "30s")
    row, delays = site.probe(), []
    for number in range(50):
        site.fire(row, "stamp")
        answered = time.time()
        began = until(lambda number=number: site.told("began", row)[number:])[0][2]
        delays.append((began - answered) * 1000)
        until(lambda: site.row(row)["status"] == "done")
    delays.sort()
    log.info("API's answer to handler's begin, ms: median %.1f, p90 %.1f, p99 %.1f", delays[25], delays[45], delays[49])
    assert delays[49] <= 50
