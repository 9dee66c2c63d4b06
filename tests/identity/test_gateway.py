"""A gateway's headers: nothing without proof, and nothing that makes no sense, so that nobody forges who they are."""

import asyncio
from ipaddress import ip_network
from pathlib import Path

import pytest

from engine.errors import HosterError
from engine.secrets import Secret
from tests.identity.desk import AUTH, JSON_API, SECRET, browser, code, desk, me, note, sign_up
from tests.support import System, shut, system

PROOF = {"x-apigate-secret": SECRET}


async def behind(tmp_path: Path, **settings: object) -> System:
    """A system that trusts a gateway."""
    return await desk(tmp_path, auth_shared_secret=Secret(SECRET), **settings)


def rows(running: System) -> int:
    """How many users there are."""
    return int(running.store.database.read("SELECT count(*) FROM users")[0][0])


async def test_somebody_vouched_for_becomes_one_user_and_stays_that(tmp_path: Path) -> None:
    running = await behind(tmp_path)
    first = await me(running.client, **PROOF, x_user_id="42")
    assert first is not None
    assert await me(running.client, **PROOF, x_user_id="42") == first
    assert await me(running.client, **PROOF, x_user_id="43") not in (None, first)
    made = await running.client.post("/api/v1/notes", json=note(), headers=JSON_API | PROOF | {"x-user-id": "42"})
    assert made.json()["data"]["relationships"]["owner"]["data"]["id"] == first
    assert running.events(first) == [(running.events(first)[0][0], "users", "created")]
    await shut(running)


async def test_many_requests_of_somebody_new_at_once_make_one_user(tmp_path: Path) -> None:
    running = await behind(tmp_path)
    found = await asyncio.gather(*(me(running.client, **PROOF, x_user_id="new") for _ in range(50)))
    assert len(set(found)) == 1
    assert rows(running) == 1
    await shut(running)


async def test_two_plans_at_once_for_one_user_are_no_error(tmp_path: Path) -> None:
    running = await behind(tmp_path)
    plans = ["free", "large"] * 25
    found = await asyncio.gather(*(me(running.client, **PROOF, x_user_id="42", x_plan_id=plan) for plan in plans))
    assert len(set(found)) == 1
    await shut(running)


async def test_headers_without_proof_never_count(tmp_path: Path) -> None:
    running = await behind(tmp_path)
    known = await me(running.client, **PROOF, x_user_id="42")
    forged = {"x-user-id": "42", "x-plan-id": "large", "x-plan-limits": '{"max_notes": 1000}'}
    tries: tuple[dict[str, str], ...] = (
        {},
        {"x-apigate-secret": ""},
        {"x-apigate-secret": SECRET[:-1]},
        {"x-apigate-secret": SECRET + "0"},
        {"x-gateway-secret": SECRET},
        {"x-forwarded-for": "127.0.0.1"},
        {"cookie": "something=else"},
    )
    for more in tries:
        answer = await running.client.get(f"{AUTH}/me", headers=forged | more)
        assert code(answer) == (401, "gateway_not_proven"), more
        assert "www-authenticate" in answer.headers
        assert (await running.client.post("/api/v1/notes", json=note(), headers=JSON_API | forged | more)).status_code == 401
    ann, token = await running.person("ann")
    answer = await running.client.get(f"{AUTH}/me", headers=forged | token)
    assert answer.json()["data"]["id"] == ann.id != known, "another credential decides"
    assert answer.json()["meta"]["limits"]["max_notes"] == 1
    await sign_up(running, "bob@example.org")
    assert await me(running.client, **forged) not in (None, known)
    assert rows(running) == 3
    await shut(running)


async def test_where_no_gateway_is_trusted_its_headers_are_nothing(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    assert await me(running.client, **PROOF, x_user_id="42") is None
    await shut(running)
    off = await behind(tmp_path / "off", auth_gateway=False)
    assert await me(off.client, **PROOF, x_user_id="42") is None
    assert rows(off) == 0
    await shut(off)


async def test_a_listed_proxy_is_believed_by_the_address_of_its_connection(tmp_path: Path) -> None:
    running = await desk(tmp_path, auth_trusted_proxies=(ip_network("10.1.0.0/16"), ip_network("fd00::/8")))
    for peer in ("10.1.2.3", "fd00::7", "::ffff:10.1.2.3"):
        assert await me(browser(running, peer=peer), x_user_id="42") is not None, peer
    for peer in ("10.2.0.1", "127.0.0.1", "::1", "", "no address"):
        answer = await browser(running, peer=peer).get(f"{AUTH}/me", headers={"x-user-id": "42", "x-forwarded-for": "10.1.2.3"})
        assert code(answer) == (401, "gateway_not_proven"), peer
    await shut(running)


async def test_a_header_that_says_two_things_is_refused(tmp_path: Path) -> None:
    running = await behind(tmp_path)
    for name, values in (
        ("x-user-id", ("42", "43")),
        ("x-plan-limits", ('{"max_notes": 1}', '{"max_notes": 9}')),
        ("x-plan-id", ("free", "large")),
        ("x-apigate-secret", ("wrong", SECRET)),
    ):
        headers = [(key, value) for key, value in (("x-user-id", "42"), *PROOF.items()) if key != name]
        answer = await running.client.get(f"{AUTH}/me", headers=[*headers, *((name, value) for value in values)])
        assert code(answer) == (400, "bad_identity_headers"), name
    assert rows(running) == 0
    await shut(running)


async def test_limits_that_came_along_win_over_those_of_the_plan(tmp_path: Path) -> None:
    running = await behind(tmp_path)
    headers = PROOF | {"x-user-id": "42", "x-plan-id": "large", "x-plan-limits": '{"max_notes": 3, "features": ["a"]}'}
    answer = await running.client.get(f"{AUTH}/me", headers=headers)
    assert answer.json()["meta"]["limits"] == {"max_notes": 3, "max_size": None, "features": ["a"]}
    plan = answer.json()["data"]["relationships"]["plan"]["data"]["id"]
    assert running.store.database.read("SELECT name FROM plans WHERE id = ?", (plan,)) == [("large",)]
    for value, expected in (("free", "free"), (plan, "large"), ("unheard-of", "large"), ("", "large")):
        answer = await running.client.get(f"{AUTH}/me", headers=PROOF | {"x-user-id": "42", "x-plan-id": value})
        found = answer.json()["data"]["relationships"]["plan"]["data"]["id"]
        assert running.store.database.read("SELECT name FROM plans WHERE id = ?", (found,)) == [(expected,)], value
    await shut(running)


@pytest.mark.parametrize(
    "limits",
    [
        "", "{", "[]", "null", "0", '"max_notes"', "{}{}", '{"max_notes": -1}', '{"max_notes": null}', '{"max_notes": "9"}',
        '{"max_notes": true}', '{"max_notes": 1.5}', '{"max_notes": 1e400}', '{"max_notes": NaN}', '{"max_size": -0.1}',
        '{"max_nots": 1}', '{"name": "large"}', '{"features": "a"}', '{"features": [1]}', '{"max_notes": 1, "max_notes": 9}',
        '{"max_notes": 1, "max\\u005fnotes": 9}', '{"max_notes": 9223372036854775808}', '{"features": ["' + "a" * 9000 + '"]}',
        "\xff",
    ],
)  # fmt: skip
async def test_limits_that_cannot_be_read_are_refused_and_never_no_limits(tmp_path: Path, limits: str) -> None:
    running = await behind(tmp_path)
    headers = [("x-user-id", "42"), *PROOF.items(), ("x-plan-limits", limits.encode("latin-1"))]
    assert code(await running.client.get(f"{AUTH}/me", headers=headers)) == (400, "bad_identity_headers")
    assert rows(running) == 0
    await shut(running)


@pytest.mark.parametrize(
    "user", ["x" * 256, "a\tb", "a\x7fb", "\xff\xfe", "\u200b", " 42 \u00a0", "' OR 1=1 --", "日本語", "a/b"]
)
async def test_names_of_users_are_bounded_and_mean_themselves_alone(tmp_path: Path, user: str) -> None:
    running = await behind(tmp_path)
    raw = user.encode("latin-1") if user == "\xff\xfe" else user.encode()
    answer = await running.client.get(f"{AUTH}/me", headers=[("x-user-id", raw), *PROOF.items()])
    if user in ("' OR 1=1 --", "日本語", "a/b"):
        assert running.store.database.read("SELECT id FROM _externals") == [(f"gateway/{user}",)]
    else:
        assert code(answer) == (400, "bad_identity_headers")
        assert rows(running) == 0
    await shut(running)


async def test_proof_without_a_user_is_nobody(tmp_path: Path) -> None:
    running = await behind(tmp_path)
    assert await me(running.client, **PROOF) is None
    assert await me(running.client, **PROOF, x_user_id="") is None
    await shut(running)


async def test_users_that_need_an_address_cannot_come_by_a_gateway_and_the_start_says_so(tmp_path: Path) -> None:
    from engine.settings import Settings

    with pytest.raises(HosterError, match="requires email"):
        await system(tmp_path, {}, settings=Settings(auth_shared_secret=Secret(SECRET)))
