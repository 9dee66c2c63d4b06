"""Accounts: what a stranger learns (nothing), what a password may be, and the one-time link."""

import asyncio
import logging
import re
from pathlib import Path
from statistics import median
from time import perf_counter

import pytest

from engine.access import SYSTEM
from engine.identity.passwords import LONGEST, WAITING, Busy, Passwords
from tests.identity.desk import AUTH, JSON_API, PASSWORD, SECRET, Clock, browser, code, desk, me, sign_in, sign_up
from tests.support import System, shut

HOUR = 3600.0
NEW = "an entirely new one"


async def ask(running: System, email: str, caplog: pytest.LogCaptureFixture) -> str | None:
    """Ask for a link; answers the token that the operator reads in the log."""
    caplog.clear()
    with caplog.at_level(logging.WARNING, "hoster.identity"):
        answer = await running.client.post(f"{AUTH}/password-reset", json={"email": email})
        assert running.identity.accounts is not None
        await running.identity.accounts.settle()
    assert answer.status_code == 202
    found = re.search(r"[0-9a-f]{64}", caplog.text)
    assert found is None or found[0] not in answer.text
    return found and found[0]


async def reset(running: System, token: str, password: str = NEW) -> tuple[int, str]:
    """Use a link."""
    answer = await running.client.post(f"{AUTH}/password-reset/confirm", json={"token": token, "password": password})
    return (204, "") if answer.status_code == 204 else code(answer)


async def test_an_account_is_made_and_used_whatever_the_case_of_its_address(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    await sign_up(running, "Ann.Miller@Example.ORG", name="Ann")
    who = (await running.client.get(f"{AUTH}/me")).json()
    assert who["data"]["attributes"]["email"] == "ann.miller@example.org"
    assert who["data"]["attributes"]["name"] == "Ann"
    assert who["meta"]["limits"]["max_notes"] == 1
    async with browser(running) as other:
        assert (await sign_in(other, email="ANN.MILLER@EXAMPLE.ORG")).status_code == 200
        taken = await other.post(
            f"{AUTH}/sign-up",
            json={"email": "ann.MILLER@example.org", "password": PASSWORD},
            headers={"x-csrf-token": other.cookies["hoster_csrf"]},
        )
        assert code(taken) == (409, "taken")
    stored = running.store.database.read("SELECT hash FROM _passwords")[0][0]
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert PASSWORD not in str(running.store.database.read("SELECT data FROM _events"))
    await shut(running)


async def test_nobody_signs_up_where_that_is_closed_nor_makes_themselves_more_than_they_are(tmp_path: Path) -> None:
    closed = await desk(tmp_path / "closed", auth_sign_up="closed")
    body = {"email": "ann@example.org", "password": PASSWORD}
    assert code(await closed.client.post(f"{AUTH}/sign-up", json=body)) == (403, "sign_up_closed")
    assert closed.store.database.read("SELECT count(*) FROM users") == [(0,)]
    await shut(closed)
    running = await desk(tmp_path / "open")
    for more in ({"id": "user_x"}, {"plan": "large"}, {"created_at": "2020-01-01T00:00:00Z"}):
        assert (await running.client.post(f"{AUTH}/sign-up", json=body | more)).status_code == 422, more
    assert running.store.database.read("SELECT count(*) FROM users") == [(0,)]
    await shut(running)


async def test_a_wrong_password_an_unknown_and_a_closed_account_are_answered_the_same(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    await sign_up(running)
    await sign_up_elsewhere(running, "gone@example.org")
    await running.tokens.user_for("invited@example.org")
    gone = running.store.database.read("SELECT id FROM users WHERE email = 'gone@example.org'")[0][0]
    await running.service.delete(SYSTEM, "users", gone)
    async with browser(running) as stranger:
        answers = [
            await sign_in(stranger, email=email, password=password)
            for email, password in (
                ("ann@example.org", "wrong password"),
                ("ann@example.org", ""),
                ("ann@example.org", "x" * LONGEST * 2),
                ("nobody@example.org", PASSWORD),
                ("gone@example.org", PASSWORD),
                ("invited@example.org", PASSWORD),
                ("no address at all", PASSWORD),
                ("", ""),
            )
        ]
    assert {(answer.status_code, answer.text) for answer in answers} == {(401, answers[0].text)}
    assert code(answers[0]) == (401, "wrong_credentials")
    await shut(running)


async def test_who_signs_up_sets_nothing_that_is_for_others_to_set(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    body = {"email": "eve@example.org", "password": PASSWORD}
    refused = await running.client.post(f"{AUTH}/sign-up", json=body | {"operator": True})
    assert code(refused) == (403, "forbidden")
    assert refused.json()["errors"][0]["source"] == {"pointer": "/operator"}
    assert (await running.client.post(f"{AUTH}/sign-up", json=body | {"plan": "plan_x"})).status_code == 422
    assert running.store.database.read("SELECT 1 FROM users") == []
    await shut(running)


async def sign_up_elsewhere(running: System, email: str) -> None:
    async with browser(running) as other:
        assert (await other.post(f"{AUTH}/sign-up", json={"email": email, "password": PASSWORD})).status_code == 201


async def test_an_unknown_account_takes_as_long_as_a_wrong_password(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    await sign_up(running)
    took: dict[str, list[float]] = {"ann@example.org": [], "nobody@example.org": []}
    async with browser(running) as stranger:
        for _ in range(9):
            for email, times in took.items():
                began = perf_counter()
                await sign_in(stranger, email=email, password="wrong password")
                times.append(perf_counter() - began)
    known, unknown = (median(times) for times in took.values())
    assert 0.6 < known / unknown < 1.6, took
    assert min(known, unknown) > 0.005, "both do the work"
    await shut(running)


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("short", "too_short"),
        ("ｅｉｇｈｔ７７", "too_short"),
        ("12345678", "common_password"),
        ("ＰＡＳＳＷＯＲＤ", "common_password"),
        ("zzzzzzzzzzzz", "common_password"),
        ("x" * 4000, "too_long"),
        ("x" * 5000, "too_long"),
        (12345678, "wrong_type"),
        (None, "wrong_type"),
    ],
)
async def test_a_password_that_cannot_be_one_is_refused(tmp_path: Path, password: object, expected: str) -> None:
    running = await desk(tmp_path)
    answer = await running.client.post(f"{AUTH}/sign-up", json={"email": "ann@example.org", "password": password})
    assert code(answer) == (422, expected)
    assert answer.json()["errors"][0]["source"] == {"pointer": "/password"}
    assert running.store.database.read("SELECT count(*) FROM users") == [(0,)]
    await shut(running)


async def test_a_password_is_the_same_however_a_keyboard_writes_it(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    body = {"email": "zoe@example.org", "password": "Zo\u0065\u0308 läuft ﬁx 日本"}
    assert (await running.client.post(f"{AUTH}/sign-up", json=body)).status_code == 201
    async with browser(running) as other:
        assert (await sign_in(other, "Zoë läuft fix 日本", "zoe@example.org")).status_code == 200
    await shut(running)


@pytest.mark.parametrize(
    "email", ["", "ann", "a@b", f"{'a' * 300}@example.org", "ann@exa mple.org", "ann@example.org\u2028x", 7]
)
async def test_what_is_no_address_makes_no_account(tmp_path: Path, email: object) -> None:
    running = await desk(tmp_path)
    answer = await running.client.post(f"{AUTH}/sign-up", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 422, answer.text
    assert running.store.database.read("SELECT count(*) FROM users") == [(0,)]
    await shut(running)


async def test_over_long_and_odd_names_are_bounded_and_kept_as_they_are(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    body = {"email": "ann@example.org", "password": PASSWORD}
    assert (await running.client.post(f"{AUTH}/sign-up", json=body | {"name": "x" * 101})).status_code == 422
    await sign_up(running, name="Ω’); DROP TABLE users;-- 👩‍🚀")
    assert (await running.client.get(f"{AUTH}/me")).json()["data"]["attributes"]["name"] == "Ω’); DROP TABLE users;-- 👩‍🚀"
    async with browser(running) as other:
        await sign_in(other, **{"user-agent": "x" * 3000})
        longest = running.store.database.read("SELECT max(length(user_agent)) FROM sessions")[0][0]
    assert longest == 255
    await shut(running)


async def test_a_new_password_needs_the_present_one(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    headers = {"x-csrf-token": await sign_up(running)}
    change = {"current": "a wrong guess", "password": "an entirely new one"}
    assert code(await running.client.post(f"{AUTH}/password", json=change, headers=headers)) == (422, "wrong_password")
    assert code(await browser(running).post(f"{AUTH}/password", json=change)) == (401, "unauthenticated")
    assert (
        await running.client.post(f"{AUTH}/password", json=change | {"current": PASSWORD}, headers=headers)
    ).status_code == 200
    async with browser(running) as other:
        assert (await sign_in(other)).status_code == 401
        assert (await sign_in(other, "an entirely new one")).status_code == 200
    await shut(running)


async def test_a_link_sets_a_password_once_and_ends_every_session(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    running = await desk(tmp_path)
    await sign_up(running)
    async with browser(running) as elsewhere:
        await sign_in(elsewhere)
        running.client.cookies.clear()
        token = await ask(running, "ANN@example.org", caplog)
        second = await ask(running, "ann@example.org", caplog)
        assert token is not None and second is not None
        assert token not in str(running.store.database.read("SELECT * FROM _password_links"))
        assert await reset(running, token, "short") == (422, "too_short")
        assert await reset(running, token) == (204, "")
        assert await me(elsewhere) is None
    assert await reset(running, token, "yet another one") == (422, "invalid_link")
    assert await reset(running, second, "yet another one") == (422, "invalid_link"), "other links end with it"
    assert (await sign_in(running.client)).status_code == 401
    assert (await sign_in(running.client, "an entirely new one")).status_code == 200
    await shut(running)


async def test_two_who_use_one_link_at_once_are_one(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    running = await desk(tmp_path)
    await sign_up(running)
    running.client.cookies.clear()
    token = await ask(running, "ann@example.org", caplog)
    assert token is not None
    answers = await asyncio.gather(*(reset(running, token, f"password number {each}") for each in range(6)))
    assert sorted(answers) == [(204, ""), *[(422, "invalid_link")] * 5]
    await shut(running)


async def test_a_link_ends_after_an_hour(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    running = await desk(tmp_path, clock)
    await sign_up(running)
    running.client.cookies.clear()
    token = await ask(running, "ann@example.org", caplog)
    assert token is not None
    clock.at += HOUR + 1
    assert await reset(running, token) == (422, "invalid_link")
    assert (await sign_in(running.client)).status_code == 200
    await shut(running)


async def test_asking_for_a_link_tells_nobody_who_has_an_account(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    running = await desk(tmp_path)
    await sign_up(running)
    running.client.cookies.clear()
    known = await running.client.post(f"{AUTH}/password-reset", json={"email": "ann@example.org"})
    unknown = await running.client.post(f"{AUTH}/password-reset", json={"email": "nobody@example.org"})
    assert (known.status_code, known.text) == (unknown.status_code, unknown.text)
    assert running.identity.accounts is not None
    await running.identity.accounts.settle()
    assert await ask(running, "nobody@example.org", caplog) is None
    assert await reset(running, "' OR 1=1 --") == (422, "invalid_link")
    await shut(running)


async def test_attempts_are_counted_for_each_address_and_each_account(tmp_path: Path) -> None:
    from engine.rates import Rate

    running = await desk(tmp_path, rates_sign_in=Rate(3, 60.0))
    statuses = []
    for number in range(5):  # from anywhere, at one account
        async with browser(running, peer=f"10.0.0.{number}") as far:
            statuses.append((await sign_in(far, "wrong password")).status_code)
    assert statuses == [401, 401, 401, 429, 429]
    async with browser(running, peer="10.9.9.9") as one:  # from one address, at any account
        answers = [await sign_in(one, email=f"a{number}@example.org") for number in range(4)]
    assert [each.status_code for each in answers] == [401, 401, 401, 429]
    assert int(answers[-1].headers["retry-after"]) > 0
    await shut(running)


async def test_a_flood_of_attempts_waits_in_a_bounded_line() -> None:
    passwords = Passwords(Clock())
    answers = await asyncio.gather(
        *(passwords.matches("a wrong guess", None) for _ in range(WAITING + 10)), return_exceptions=True
    )
    passwords.close()
    assert sum(isinstance(each, Busy) for each in answers) == 10
    assert answers.count(False) == WAITING


async def test_accounts_that_are_switched_off_are_not_there(tmp_path: Path) -> None:
    running = await desk(tmp_path, auth_local=False)
    assert code(await sign_in(running.client)) == (404, "not_found")
    assert (await running.client.get(f"{AUTH}/me")).json()["meta"]["ways"]["accounts"] is False
    await shut(running)


async def test_a_body_that_is_no_form_of_ours_is_refused(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    for body in ({}, {"email": "ann@example.org"}, {"email": ["ann@example.org"], "password": PASSWORD}):
        assert (await running.client.post(f"{AUTH}/sign-in", json=body)).status_code == 422, body
    extra = {"email": "ann@example.org", "password": PASSWORD, "remember": True}
    assert code(await running.client.post(f"{AUTH}/sign-in", json=extra)) == (400, "bad_request")
    assert (await running.client.get(f"{AUTH}/sign-in")).status_code == 405
    assert (await running.client.get(f"{AUTH}/sign-in")).headers["allow"] == "POST, OPTIONS"
    assert code(await running.client.get(f"{AUTH}/me?x=1")) == (400, "bad_request")
    for path in ("", "/", "nothing", "me/x", "password-reset/confirm/x"):
        assert (await running.client.get(f"{AUTH}/{path}")).status_code == 404
    assert (await running.client.post(f"{AUTH}/sign-in", content=b"[]", headers=JSON_API)).status_code == 400
    assert SECRET not in (await running.client.get(f"{AUTH}/me")).text
    await shut(running)
