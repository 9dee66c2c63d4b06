"""Load by wrk: one thread, a fixed number of connections, requests that a generated Lua script walks through.

The script takes its own time when the requests run out before the time does: wrk would count the idle rest as well.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.processes import BenchError, Server

SCRIPT = """
local ffi = require("ffi")
ffi.cdef[[
  typedef struct { long sec; long nsec; } moment;
  int clock_gettime(int clock, moment *now);
]]
local moment = ffi.new("moment")
local function seconds()
  ffi.C.clock_gettime(1, moment)
  return tonumber(moment.sec) + tonumber(moment.nsec) / 1e9
end

local requests, next_one, once, only_thread = {}, 0, %(once)s, nil
setup = function(thread) only_thread = thread end
init = function()
  for line in io.lines(%(requests)s) do
    local method, path, body = line:match("^(%%S+)\\t(%%S+)\\t(.*)$")
    requests[#requests + 1] = wrk.format(method, path, %(headers)s, body ~= "" and body or nil)
  end
end
request = function()
  started = started or seconds()
  next_one = next_one + 1
  if next_one > #requests then
    if once then
      ended = ended or seconds()
      wrk.thread:stop()
      return wrk.format("GET", %(idle)s)
    end
    next_one = 1
  end
  return requests[next_one]
end
done = function(summary, latency)
  local errors, ended = summary.errors, only_thread:get("ended")
  local taken = ended and ended - only_thread:get("started") or summary.duration / 1e6
  print(string.format('RESULT {"requests":%%d,"seconds":%%f,"p50":%%f,"p99":%%f,"refused":%%d,"broken":%%d}',
    summary.requests, taken, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
"""


@dataclass(frozen=True)
class Request:
    """One request; `body` is JSON text without line breaks, or empty."""

    method: str
    path: str
    body: str = ""


@dataclass(frozen=True)
class Operation:
    """A kind of request to measure.

    The first request is sent once before the load and its answer is checked: `status`, and the number of rows when `rows`
    is set. The load walks through the others again and again, or, when `once`, ends after the last.
    """

    name: str
    requests: tuple[Request, ...]
    headers: Mapping[str, str]
    status: int
    rows: int | None = None
    once: bool = False


@dataclass(frozen=True)
class Load:
    """What one run of wrk saw: throughput, latency in milliseconds, server CPU per request in microseconds."""

    rate: float
    p50: float
    p99: float
    cpu: float
    refused: int
    broken: int
    requests: int


def measure(server: Server, operation: Operation, seconds: int, connections: int) -> Load:
    """Put `operation` on `server` for `seconds`."""
    with tempfile.TemporaryDirectory(prefix="bench-wrk-") as folder:
        script = Path(folder, "load.lua")
        requests = Path(folder, "requests.tsv")
        requests.write_text("".join(f"{each.method}\t{each.path}\t{each.body}\n" for each in operation.requests[1:]))
        script.write_text(
            SCRIPT
            % {
                "once": "true" if operation.once else "false",
                "requests": _quoted(str(requests)),
                "headers": _table(operation.headers.items()),
                "idle": _quoted(server.ready_path),
            }
        )
        before = server.tree.cpu_seconds()
        result = _run(server.url, script, seconds, connections)
        used = server.tree.cpu_seconds() - before
    count = int(result["requests"])
    if not count:
        raise BenchError(f"{operation.name}: the server answered nothing in {seconds} s")
    return Load(
        rate=count / result["seconds"],
        p50=result["p50"],
        p99=result["p99"],
        cpu=used / count * 1e6,
        refused=int(result["refused"]),
        broken=int(result["broken"]),
        requests=count,
    )


def _run(url: str, script: Path, seconds: int, connections: int) -> dict[str, float]:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(script), url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=False)
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            result: dict[str, float] = json.loads(line.removeprefix("RESULT "))
            return result
    raise BenchError(f"wrk printed no result: {done.stderr.strip() or done.stdout.strip()}")


def _quoted(text: str) -> str:
    """`text` as a Lua string; the escapes of JSON that ASCII text needs are those of Lua."""
    return json.dumps(text)


def _table(pairs: Iterable[tuple[str, str]]) -> str:
    return "{" + ", ".join(f"[{_quoted(name)}] = {_quoted(value)}" for name, value in pairs) + "}"
