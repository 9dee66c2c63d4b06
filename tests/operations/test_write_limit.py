"""Writes come at a bounded rate for each user, and for each address without one; reads are free."""

from __future__ import annotations

from pathlib import Path

import httpx

from engine.access import SYSTEM
from tests.operations.assembled import OPERATOR, assembled

EMPTY = '{"data": {"type": "plans"}}'


async def statuses(asking: httpx.AsyncClient, count: int, headers: dict[str, str]) -> list[int]:
    """How so many writes are answered."""
    return [(await asking.post("/api/v1/plans", headers=headers, content=EMPTY)).status_code for _ in range(count)]


async def test_who_writes_too_often_is_told_how_long_to_wait_and_may_still_read(tmp_path: Path) -> None:
    async with assembled(tmp_path, HOSTER_RATES_WRITES="3/h") as (_, asking):
        assert 429 not in await statuses(asking, 3, OPERATOR)
        answer = await asking.post("/api/v1/plans", headers=OPERATOR, content=EMPTY)
        assert answer.status_code == 429
        (error,) = answer.json()["errors"]
        assert error["code"] == "rate_limited"
        assert 1190 < int(answer.headers["retry-after"]) <= 1200
        for method in ("GET", "HEAD", "OPTIONS"):
            assert (await asking.request(method, "/api/v1/plans", headers=OPERATOR)).status_code < 300
        assert (await asking.patch("/api/v1/plans/x", headers=OPERATOR, content=EMPTY)).status_code == 429
        assert (await asking.delete("/api/v1/plans/x", headers=OPERATOR)).status_code == 429


async def test_one_user_does_not_use_up_the_writes_of_another(tmp_path: Path) -> None:
    async with assembled(tmp_path, HOSTER_RATES_WRITES="2/h") as (hoster, asking):
        assert (await statuses(asking, 3, OPERATOR))[-1] == 429
        identity = await hoster.tokens.user_for("anna@example.org")
        token = await hoster.store.write(SYSTEM, lambda unit: hoster.tokens.create(unit, identity, "test"))
        other = OPERATOR | {"authorization": f"Bearer {token}"}
        assert [status == 429 for status in await statuses(asking, 3, other)] == [False, False, True]
        second = await hoster.store.write(SYSTEM, lambda unit: hoster.tokens.create(unit, identity, "second"))
        assert await statuses(asking, 1, OPERATOR | {"authorization": f"Bearer {second}"}) == [429]


async def test_without_a_user_the_address_counts_as_far_as_the_proxy_is_trusted(tmp_path: Path) -> None:
    async with assembled(tmp_path, "10.0.0.1", HOSTER_RATES_WRITES="1/h", HOSTER_AUTH_TRUSTED_PROXIES="10.0.0.0/8") as (
        _,
        asking,
    ):
        first = {"content-type": "application/vnd.api+json", "x-forwarded-for": "6.6.6.6, 198.51.100.1"}
        assert await statuses(asking, 2, first) == [401, 429]
        assert await statuses(asking, 1, first | {"x-forwarded-for": "7.7.7.7, 198.51.100.1"}) == [429]
        assert await statuses(asking, 1, first | {"x-forwarded-for": "198.51.100.2"}) == [401]


async def test_off_is_no_limit(tmp_path: Path) -> None:
    async with assembled(tmp_path, HOSTER_RATES_WRITES="off") as (hoster, asking):
        assert 429 not in await statuses(asking, 50, OPERATOR)
        assert len(hoster.rates) == 0


async def test_each_of_several_operations_counts(tmp_path: Path) -> None:
    media_type = {"content-type": 'application/vnd.api+json;ext="https://jsonapi.org/ext/atomic"'}
    body = {"atomic:operations": [{"op": "add", "data": {"type": "plans"}}] * 3}
    async with assembled(tmp_path, HOSTER_RATES_WRITES="5/h") as (_, asking):
        answers = [await asking.post("/api/v1/operations", headers=OPERATOR | media_type, json=body) for _ in range(2)]
        assert [each.status_code for each in answers] == [422, 429]
