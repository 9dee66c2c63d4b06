"""What a person needs to see when a service has failed: the end of its log, its exit code, its health check's output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.commands.job import Fail, Retry
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
        lines: list[JSON] = [*await link.attempt(log_tail, link.api, state.id, secrets)]
        evidence["log"] = lines
    except EngineFault as fault:
        evidence["log_missing"] = fault.explanation.message
    return evidence


def log_tail(api: Any, container: str, secrets: Sequence[str]) -> list[str]:
    """The last lines that a container printed, masked before they are cut, since half a password is found no more. Blocks."""
    text = redact(api.logs(container, stdout=True, stderr=True, tail=LINES).decode(errors="replace"), secrets)
    return [line.rstrip()[:MAX_LINE] for line in text.splitlines()[-LINES:]]


def redact(text: str, secrets: Sequence[str]) -> str:
    """The text with every secret masked, the longest first, since one may contain another; each line of a long one too."""
    parts = {part for secret in secrets for part in (secret, *secret.splitlines())}
    for secret in sorted(parts, key=len, reverse=True):
        if len(secret) >= MIN_SECRET:
            text = text.replace(secret, MASK)
    return text


def conceal(error: Fail | Retry, secrets: Sequence[str]) -> None:
    """Mask every secret in what a failure says: the engine repeats commands and paths in its messages."""
    error.message = redact(error.message, secrets)
    error.hint = None if error.hint is None else redact(error.hint, secrets)
    error.evidence = {name: _concealed(value, secrets) for name, value in error.evidence.items()}


def _concealed(value: JSON, secrets: Sequence[str]) -> JSON:
    if isinstance(value, str):
        return redact(value, secrets)
    if isinstance(value, list):
        return [_concealed(each, secrets) for each in value]
    if isinstance(value, dict):
        return {name: _concealed(each, secrets) for name, each in value.items()}
    return value
