"""Hoster, PocketBase and the hand-written floor at the same work over HTTP. Run it as `python -m bench http`.

Every round starts the contenders on fresh copies of their seeded data and lets them take turns at each operation, so that
the noise of the machine meets all of them alike.
A run in which any answer was not 2xx, or an answer was not what it should be, fails.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx

from bench.contenders import CONTENDERS
from bench.contenders.contender import Contender, Seeded
from bench.http_report import Results, document, report
from bench.items import COMPOSE
from bench.missing import program, sentence
from bench.processes import BenchError, Server
from bench.wrk import Load, Operation, measure

FIRST_PORT, LAST_PORT = 21_000, 21_049


@dataclass
class Bench:
    """One run of the benchmark in a scratch directory."""

    contenders: Sequence[Contender]
    scratch: Path
    arguments: argparse.Namespace
    results: Results = field(default_factory=Results)
    port: int = FIRST_PORT

    def run(self) -> Results:
        """Seed every contender, then measure all of them round by round."""
        seeded = {each.name: self._seed(each) for each in self.contenders}
        for number in range(self.arguments.rounds):
            _say(f"round {number + 1} of {self.arguments.rounds}")
            self._round(seeded)
        return self.results

    def _seed(self, contender: Contender) -> Seeded:
        """The seeded data of `contender`, made now unless an earlier run left it in the scratch directory."""
        kept = self.scratch / f"{contender.name}-{self.arguments.rows}.json"
        directory = kept.with_suffix("")
        if kept.exists():
            values = json.loads(kept.read_text())
            return Seeded(values["token"], values["user"], tuple(values["ids"]))
        _say(f"seeding {contender.name} with {self.arguments.rows} rows")
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        seeded = contender.seed(directory, self._next_port(), self.arguments.rows)
        kept.write_text(json.dumps(asdict(seeded)))
        return seeded

    def _round(self, seeded: Mapping[str, Seeded]) -> None:
        """Start all contenders on fresh data, then take turns operation by operation: while one works, the others idle."""
        with ExitStack() as stack:
            servers = {each.name: self._start(each, stack) for each in self.contenders}
            work = {
                each.name: {operation.name: operation for operation in each.operations(seeded[each.name])}
                for each in self.contenders
            }
            for operation in dict.fromkeys(name for operations in work.values() for name in operations):
                for name, server in servers.items():
                    if operation in work[name]:
                        load = self._load(server, name, work[name][operation])
                        self.results.loads.setdefault((name, operation), []).append(load)
            for name, server in servers.items():
                self.results.footprints[name][-1]["after_mb"] = server.tree.megabytes()

    def _start(self, contender: Contender, stack: ExitStack) -> Server:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="round-", dir=self.scratch)))
        shutil.copytree(self.scratch / f"{contender.name}-{self.arguments.rows}", folder / "data")
        port = self._next_port()
        server = stack.enter_context(Server(contender.launch(folder / "data", port), port, folder / "server.log"))
        footprint = {"ready_ms": server.ready_ms, "before_mb": server.tree.megabytes()}
        self.results.footprints.setdefault(contender.name, []).append(footprint)
        return server

    def _load(self, server: Server, name: str, operation: Operation) -> Load:
        where = f"{name}: {operation.name}"
        _check(where, server.url, operation)
        load = measure(server, operation, self.arguments.seconds, self.arguments.connections)
        if load.refused or load.broken:
            server.tree.check()
            raise BenchError(
                f"{where}: of {load.requests} answers {load.refused} were errors, {load.broken} connections failed"
            )
        return load

    def _next_port(self) -> int:
        """A port that no earlier server of this run has left in TIME_WAIT."""
        port = self.port
        self.port = FIRST_PORT if port == LAST_PORT else port + 1
        return port


def _check(where: str, url: str, operation: Operation) -> None:
    """Send the first request and look at the answer: a fast wrong answer is worth nothing."""
    request = operation.requests[0]
    response = httpx.request(request.method, url + request.path, headers=operation.headers, content=request.body, timeout=30)
    if response.status_code != operation.status:
        raise BenchError(f"{where}: answered {response.status_code}, not {operation.status}: {response.text[:500]}")
    if json.dumps(COMPOSE) not in response.text:
        raise BenchError(f"{where}: the answer does not hold the row: {response.text[:500]}")
    if operation.rows is not None:
        body = response.json()
        rows = body.get("data", body.get("items"))
        if len(rows) != operation.rows:
            raise BenchError(f"{where}: {len(rows)} rows came, not {operation.rows}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench http", description="Hoster beside PocketBase and a hand-written floor"
    )
    parser.add_argument("--only", help="contenders to run, separated by commas (default: all)", default=",".join(CONTENDERS))
    parser.add_argument("--rounds", type=int, default=3, help="alternating rounds (default 3)")
    parser.add_argument("--seconds", type=int, default=3, help="load per operation (default 3)")
    parser.add_argument("--connections", type=int, default=32, help="connections of wrk (default 32)")
    parser.add_argument("--rows", type=int, default=10_000, help="rows to begin with (default 10000)")
    parser.add_argument("--scratch", type=Path, help="a directory that keeps the seeded data for the next run")
    parser.add_argument("--json", action="store_true", help="print JSON, every round included")
    return parser.parse_args()


def main() -> int:
    """Run it; 0 when every answer was right."""
    arguments = _arguments()
    names = arguments.only.split(",")
    if unknown := [each for each in names if each not in CONTENDERS]:
        _say(f"No contender is called {', '.join(unknown)}; there are {', '.join(CONTENDERS)}.")
        return 2
    contenders = [CONTENDERS[each] for each in names]
    if lacking := sentence([program("wrk", "apt-get install wrk"), *(each.missing() for each in contenders)]):
        _say(lacking)
        return 2
    with tempfile.TemporaryDirectory(prefix="bench-http-") as folder:
        scratch = arguments.scratch or Path(folder)
        scratch.mkdir(parents=True, exist_ok=True)
        try:
            results = Bench(contenders, scratch.resolve(), arguments).run()
        except BenchError as error:
            _say(str(error))
            return 1
    print(document(results, names) if arguments.json else report(results, names))
    return 0


if __name__ == "__main__":
    sys.exit(main())
