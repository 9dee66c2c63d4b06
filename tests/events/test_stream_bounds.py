"""One client holds only so many streams, so that nobody keeps the others out."""

from __future__ import annotations

from pathlib import Path

from tests.events.support import FILES, listen
from tests.support import shut, system


async def test_a_client_has_its_own_bound_and_gets_room_again(tmp_path: Path) -> None:
    running = await system(tmp_path, FILES)
    running.stream._most_each = 2
    _, ann = await running.person("ann")
    _, bob = await running.person("bob")
    async with listen(running, ann) as first:
        async with listen(running, ann), listen(running, ann) as refused, listen(running, bob) as other:
            assert (first.status, refused.status, other.status) == (200, 503, 200)
            assert b"as many as one client may" in refused.body
        async with listen(running, ann) as again:
            assert again.status == 200
    async with listen(running), listen(running), listen(running) as nobody:
        assert nobody.status == 503
    assert running.stream._of_client == {}
    await shut(running)
