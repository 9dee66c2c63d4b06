"""Hoster's command bus beside queue libraries. Run it as `python -m bench bus`.

Three questions, each of every peer in every round: how fast one worker drains a full queue of commands that do nothing, how
long an idle bus takes from commit to start, and how long the command of a killed worker waits until another has it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.bus_trial import Trial
from bench.figures import ratio, table, times
from bench.missing import module, sentence
from bench.peers import PEERS, Place, load
from bench.postgres import Postgres, running
from bench.processes import BenchError

SUBJECT = "hoster"
QUESTIONS = ("drain", "latency", "takeover")
FIGURES = ("enqueue_rate", "drain_rate", "p50_ms", "p99_ms", "takeover_s")

Rounds = dict[str, list[dict[str, float | None]]]


def run(peers: Sequence[str], arguments: argparse.Namespace) -> Rounds:
    """All rounds of all peers, in turn."""
    rounds: Rounds = {name: [] for name in peers}
    with _postgres(peers) as postgres:
        for number in range(arguments.rounds):
            for name in peers:
                print(f"round {number + 1} of {arguments.rounds}: {name}", file=sys.stderr, flush=True)
                figures: dict[str, float | None] = {}
                for question in arguments.questions.split(","):
                    figures |= _ask(name, question, postgres, arguments)
                rounds[name].append(figures)
    return rounds


def _ask(name: str, question: str, postgres: Postgres | None, arguments: argparse.Namespace) -> dict[str, float | None]:
    """One question to one peer on empty data."""
    with tempfile.TemporaryDirectory(prefix="bench-bus-") as folder:
        address = postgres.database("bench") if postgres is not None and load(name).POSTGRES else ""
        trial = Trial(name, Place(Path(folder), address))
        trial.setup()
        if question == "drain":
            return trial.drain(arguments.commands)
        if question == "latency":
            return trial.latency(arguments.samples)
        return trial.takeover(arguments.patience)


@contextlib.contextmanager
def _postgres(peers: Sequence[str]) -> Iterator[Postgres | None]:
    if any(load(name).POSTGRES for name in peers):
        with running() as server:
            yield server
    else:
        yield None


def summary(rounds: Rounds) -> dict[str, dict[str, float | None]]:
    """Medians of the rounds, and Hoster's ratio to each peer where Hoster ran."""
    entries = {}
    for name, each in rounds.items():
        entry = {figure: _median(each, figure) for figure in FIGURES}
        if name != SUBJECT and SUBJECT in rounds:
            for figure in FIGURES:
                entry[f"hoster_{figure}_ratio"] = _ratio(rounds[SUBJECT], each, figure)
        entries[name] = entry
    return entries


def _column(rounds: Sequence[dict[str, float | None]], figure: str) -> list[float]:
    return [value for each in rounds if (value := each.get(figure)) is not None]


def _median(rounds: Sequence[dict[str, float | None]], figure: str) -> float | None:
    """The median, None when any round has no figure: a command that once was not taken over has no typical time."""
    values = _column(rounds, figure)
    return statistics.median(values) if len(values) == len(rounds) else None


def _ratio(rounds: Sequence[dict[str, float | None]], others: Sequence[dict[str, float | None]], figure: str) -> float | None:
    own, their = _column(rounds, figure), _column(others, figure)
    return ratio(own, their) if len(own) == len(rounds) and len(their) == len(others) else None


def report(entries: dict[str, dict[str, float | None]], questions: Sequence[str], patience: float) -> str:
    """The tables that people read."""
    titles = ["bus", "enqueued/s", "drained/s", "start p50 ms", "start p99 ms", "taken over after s"]
    rows = []
    for name, entry in entries.items():
        digits = zip(FIGURES, (0, 0, 1, 1, 1), strict=True)
        figures = ["" if entry[figure] is None else f"{entry[figure]:.{places}f}" for figure, places in digits]
        if "takeover" in questions and entry["takeover_s"] is None:
            figures[-1] = f"not in {patience:.0f} s"
        rows.append([name, *figures])
    text = table(titles, rows)
    ratios = [
        [name, *(times(entry[f"hoster_{figure}_ratio"]) for figure in FIGURES)]
        for name, entry in entries.items()
        if "hoster_drain_rate_ratio" in entry
    ]
    return f"{text}\n\n{table(['Hoster ÷', *titles[1:]], ratios)}" if ratios else text


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench bus", description="Hoster's command bus beside queue libraries")
    parser.add_argument("--only", default=",".join(PEERS), help="peers to run, separated by commas (default: all)")
    parser.add_argument("--questions", default=",".join(QUESTIONS), help="drain, latency, takeover (default: all)")
    parser.add_argument("--rounds", type=int, default=3, help="alternating rounds (default 3)")
    parser.add_argument("--commands", type=int, default=5_000, help="commands to drain (default 5000)")
    parser.add_argument("--samples", type=int, default=200, help="commands whose latency is taken (default 200)")
    parser.add_argument("--patience", type=float, default=60, help="seconds to wait for a takeover (default 60)")
    parser.add_argument("--json", action="store_true", help="print JSON, every round included")
    return parser.parse_args()


def _mistake(peers: Sequence[str], questions: Sequence[str]) -> str | None:
    """What is wrong with the command line, or missing on this machine."""
    if unknown := [each for each in peers if each not in PEERS]:
        return f"No peer is called {', '.join(unknown)}; there are {', '.join(PEERS)}."
    if unknown := [each for each in questions if each not in QUESTIONS]:
        return f"No question is called {', '.join(unknown)}; there are {', '.join(QUESTIONS)}."
    return sentence(module(name, package) for peer in peers for name, package in load(peer).NEEDS.items())


def main() -> int:
    """Run it; 0 when every command ran exactly once."""
    arguments = _arguments()
    peers, questions = arguments.only.split(","), arguments.questions.split(",")
    if mistake := _mistake(peers, questions):
        print(mistake, file=sys.stderr)
        return 2
    try:
        rounds = run(peers, arguments)
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1
    entries = summary(rounds)
    if arguments.json:
        print(json.dumps({"summary": entries, "rounds": rounds}, indent=2))
    else:
        print(report(entries, questions, arguments.patience))
    return 0


if __name__ == "__main__":
    sys.exit(main())
