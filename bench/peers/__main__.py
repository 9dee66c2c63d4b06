"""One process of one peer: `python -m bench.peers NAME setup|enqueue|work DIRECTORY ...`, started by `bench.bus`.

Times are those of the monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from pathlib import Path

from bench.peers import PEERS, Place, load


def _work(arguments: argparse.Namespace, place: Place) -> None:
    """Write a line `number time pid` for every command that starts."""
    output = os.open(arguments.record, os.O_APPEND | os.O_CREAT | os.O_WRONLY)
    identity = str(os.getpid()).encode()

    def record(number: int) -> None:
        os.write(output, b"%d %.6f %s\n" % (number, time.monotonic(), identity))

    load(arguments.peer).work(place, arguments.identity, record)


def _enqueue(arguments: argparse.Namespace, place: Place) -> None:
    """Print a line `number time` for every commit, pausing between `pause` and twice that so as not to meet a poll in step."""
    times: list[float] = []

    def committed(_: int) -> None:
        times.append(time.monotonic())
        if arguments.pause:
            time.sleep(arguments.pause * (1 + random.random()))

    load(arguments.peer).enqueue(place, arguments.kind, arguments.count, committed)
    for number, moment in enumerate(times):
        print(f"{number} {moment:.6f}")
    sys.stdout.flush()
    os._exit(0)  # a client library's threads would keep the process


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers")
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("action", choices=("setup", "enqueue", "work"))
    parser.add_argument("directory", type=Path)
    parser.add_argument("--postgres", default="")
    parser.add_argument("--record", type=Path)
    parser.add_argument("--identity", default="worker-1")
    parser.add_argument("--kind", default="noop", choices=("noop", "slow"))
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--pause", type=float, default=0.0)
    arguments = parser.parse_args()
    place = Place(arguments.directory, arguments.postgres)
    if arguments.action == "setup":
        load(arguments.peer).setup(place)
    elif arguments.action == "enqueue":
        _enqueue(arguments, place)
    else:
        _work(arguments, place)


if __name__ == "__main__":
    main()
