"""Limits as a client of the API meets them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from engine.access import SYSTEM
from tests.limits.desk import FILES, plan
from tests.support import shut, system

MEDIA = {"content-type": "application/vnd.api+json"}


async def test_of_two_hundred_parallel_requests_five_succeed_and_the_others_are_told_why(tmp_path: Path) -> None:
    running = await system(tmp_path, FILES)
    try:
        five = await plan(running, "five", boxes=5, weight=1)
        anna, headers = await running.person("anna")
        users = running.store.kind("users")
        await running.store.write(SYSTEM, lambda unit: unit.update(users, unit.get(users, anna.id), {"plan": five}))
        body = {"data": {"type": "boxes", "attributes": {"name": "box"}}}
        requests = (running.client.post("/api/v1/boxes", headers=headers | MEDIA, json=body) for _ in range(200))
        answers = await asyncio.gather(*requests)
        assert sorted({each.status_code for each in answers}) == [201, 403]
        assert sum(each.status_code == 201 for each in answers) == 5
        refused = next(each.json() for each in answers if each.status_code == 403)["errors"]
        assert [each["code"] for each in refused] == ["limit_reached"]
        assert refused[0]["meta"] == {
            "limit": "boxes", "attribute": "boxes", "most": 5, "used": 5, "requested": 1, "plan": "Five",
        }  # fmt: skip
        listed = await running.client.get("/api/v1/boxes?page[size]=100", headers=headers)
        assert len(listed.json()["data"]) == 5
    finally:
        await shut(running)
