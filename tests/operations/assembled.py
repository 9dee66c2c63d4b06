"""A whole system in the process of the test, started and ended as a server would."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx

from engine.app import Hoster, assemble
from engine.settings import load_settings

TOKEN = "operations-tests-" + "0123456789abcdef" * 2
OPERATOR = {"authorization": f"Bearer {TOKEN}", "content-type": "application/vnd.api+json"}


@contextlib.asynccontextmanager
async def assembled(
    tmp_path: Path, peer: str = "127.0.0.1", **environment: str
) -> AsyncIterator[tuple[Hoster, httpx.AsyncClient]]:
    """A system in this process that has been started, and a client of it."""
    settings = load_settings(
        {
            "HOSTER_DATA_DIR": str(tmp_path / "data"),
            "HOSTER_NODES_LOCAL_SOCKET": "",
            "HOSTER_ADMIN_TOKEN": TOKEN,
            **environment,
        }
    )
    hoster = assemble(settings, role="api")
    messages = asyncio.Queue[dict[str, Any]]()
    answers = asyncio.Queue[dict[str, Any]]()
    life = asyncio.create_task(hoster.asgi({"type": "lifespan", "state": {}}, messages.get, answers.put))
    await messages.put({"type": "lifespan.startup"})
    assert (await answers.get())["type"] == "lifespan.startup.complete"
    transport = httpx.ASGITransport(hoster.asgi, client=(peer, 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://hoster.test") as asking:
        yield hoster, asking
    await messages.put({"type": "lifespan.shutdown"})
    assert (await answers.get())["type"] == "lifespan.shutdown.complete"
    await life
