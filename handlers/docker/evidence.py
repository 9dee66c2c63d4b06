"""What a person needs to see when a service has failed: the end of its log, its exit code, its health check's output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.model import JSON
from handlers.docker.container_state import ContainerState
from handlers.docker.engine import EngineFault, EngineLink

LINES = 20
MAX_LINE = 500
MASK = "•••"
#: Shorter values would be found all over a log by chance.
MIN_SECRET = 4


async def collect(link: EngineLink, state: ContainerState, secrets: Sequence[str]) -> dict[str, JSON]:
    """The evidence about one container; passwords of the deployment are masked in it."""
    evidence: dict[str, JSON] = {"service": state.service}
    if not state.is_up or state.status == "restarting":
        evidence["exit_code"] = state.exit_code
    if state.restarts:
        evidence["restarts"] = state.restarts
    if state.health_output:
        evidence["health_output"] = redact(state.health_output, secrets)
    try:
        lines: list[JSON] = [redact(line, secrets) for line in await link.attempt(log_tail, link.api, state.id)]
        evidence["log"] = lines
    except EngineFault as fault:
        evidence["log_missing"] = fault.explanation.message
    return evidence


def log_tail(api: Any, container: str) -> list[str]:
    """The last lines that a container printed. Blocks."""
    text = api.logs(container, stdout=True, stderr=True, tail=LINES).decode(errors="replace")
    return [line.rstrip()[:MAX_LINE] for line in text.splitlines()[-LINES:]]


def redact(text: str, secrets: Sequence[str]) -> str:
    """The text with every secret masked, the longest first, since one may contain another."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= MIN_SECRET:
            text = text.replace(secret, MASK)
    return text
