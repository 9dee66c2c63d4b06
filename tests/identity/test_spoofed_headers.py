"""Headers and parameters by which other software says who asks, or what is meant: here they say nothing."""

from pathlib import Path

import pytest

from engine.secrets import Secret
from tests.identity.desk import AUTH, JSON_API, PASSWORD, SECRET, browser, code, desk, me, note, sign_in, sign_up, token_body
from tests.support import System, shut

IDENTITY = (
    "remote-user", "x-remote-user", "x-forwarded-user", "x-forwarded-email", "x-authenticated-user", "x-auth-request-user",
    "x-webauth-user", "x-user", "x_user_id", "x-user-email", "x-original-user", "ssl-client-s-dn", "x-client-cert", "forwarded",
)  # fmt: skip


@pytest.mark.parametrize("name", IDENTITY)
async def test_no_header_but_those_of_the_gateway_says_who_asks(tmp_path: Path, name: str) -> None:
    running = await desk(tmp_path, auth_shared_secret=Secret(SECRET))
    _, operator = await running.person("olga", operator=True)
    olga = await me(running.client, **operator)
    for value in ("olga@example.org", olga, "for=127.0.0.1;user=olga"):
        answer = await running.client.get(f"{AUTH}/me", headers={name: str(value), "x-apigate-secret": SECRET})
        assert (answer.status_code, answer.json()["data"]) == (200, None)
        made = await running.client.post("/api/v1/notes", json=note(), headers=JSON_API | {name: str(value)})
        assert code(made) == (401, "unauthenticated")
    await shut(running)


async def test_a_gateway_cannot_name_somebody_of_this_house(tmp_path: Path) -> None:
    """Its names are names of its own, whatever they look like."""
    running = await desk(tmp_path, auth_shared_secret=Secret(SECRET))
    await sign_up(running)
    ann = await me(running.client)
    _, operator = await running.person("olga", operator=True)
    olga = await me(browser(running), **operator)
    async with browser(running) as gateway:
        for name in (str(ann), str(olga), "ann@example.org", f"local/{ann}", "operator", "system", "anonymous"):
            headers = {"x-apigate-secret": SECRET, "x-user-id": name}
            answer = await gateway.get(f"{AUTH}/me", headers=headers)
            assert answer.json()["data"]["id"] not in (ann, olga), name
            assert answer.json()["data"]["attributes"]["operator"] is False
            seen = (await gateway.get("/api/v1/users", headers=headers)).json()["data"]
            assert [each["id"] for each in seen] == [answer.json()["data"]["id"]]
    await shut(running)


@pytest.mark.parametrize("name", ["x-http-method-override", "x-http-method", "x-method-override"])
async def test_the_method_is_the_one_of_the_request(tmp_path: Path, name: str) -> None:
    running = await desk(tmp_path)
    _, ann = await running.person("ann")
    made = await running.client.post("/api/v1/notes", json=note(), headers=JSON_API | ann)
    address = made.json()["data"]["links"]["self"]
    assert (await running.client.get(address, headers=ann | {name: "DELETE"})).status_code == 200
    assert (await running.client.get(f"{address}?_method=DELETE", headers=ann)).status_code == 400
    assert code(await running.client.post(address, headers=ann | {name: "DELETE"})) == (405, "method_not_allowed")
    assert (await running.client.get(address, headers=ann)).status_code == 200
    await shut(running)


@pytest.mark.parametrize("name", ["x-original-url", "x-rewrite-url", "x-forwarded-prefix", "x-forwarded-uri"])
async def test_the_address_is_the_one_of_the_request(tmp_path: Path, name: str) -> None:
    running = await desk(tmp_path)
    await running.person("ann")
    answer = await running.client.get("/api/v1/plans", headers={name: "/api/v1/users"})
    assert {each["type"] for each in answer.json()["data"]} == {"plans"}
    assert answer.json()["links"]["self"] == "/api/v1/plans"
    await shut(running)


async def test_no_answer_repeats_the_host_that_it_was_asked_by(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    _, ann = await running.person("ann")
    evil = {"host": "evil.test", "x-forwarded-host": "evil.test", "x-forwarded-proto": "gopher", "forwarded": "host=evil.test"}
    made = await running.client.post("/api/v1/notes", json=note(), headers=JSON_API | ann | evil)
    assert made.headers["location"].startswith("/api/v1/notes/")
    reset = await running.client.post(f"{AUTH}/password-reset", json={"email": "ann@example.org"}, headers=evil)
    listed = await running.client.get("/api/v1/notes?page[size]=1", headers=ann | evil)
    gone = await running.client.get("/api/v1/nothing", headers=evil)
    for answer in (made, reset, listed, gone):
        assert "evil.test" not in f"{answer.headers}{answer.text}"
    await shut(running)


async def test_a_token_counts_in_its_header_alone(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    _, ann = await running.person("ann")
    token = ann["authorization"].removeprefix("Bearer ")
    for name in ("access_token", "token", "authorization", "api_key"):
        answer = await running.client.get(f"/api/v1/notes?{name}={token}")
        assert code(answer) == (400, "bad_request")
        assert token not in answer.text
        assert await me(running.client, cookie=f"{name}={token}") is None
    for odd in (f"Basic {token}", f"Token {token}", f"bearer{token}", f"Bearer {token} {token}", f"Bearer {token},Bearer x"):
        answer = await running.client.get(f"{AUTH}/me", headers={"authorization": odd})
        assert answer.status_code == 401, odd
        assert token not in answer.text
    for name in ("x-api-key", "x-auth-token", "proxy-authorization"):
        assert await me(running.client, **{name: f"Bearer {token}"}) is None
    await shut(running)


async def test_a_session_that_somebody_planted_stays_theirs(tmp_path: Path) -> None:
    """The attacker puts a session of their own into the victim's browser, by its very name, and waits."""
    running = await desk(tmp_path)
    await sign_up(running)
    ann = await me(running.client)
    async with browser(running) as attacker, browser(running) as victim:
        await attacker.post(f"{AUTH}/sign-up", json={"email": "mallory@example.org", "password": PASSWORD})
        mallory = await me(attacker)
        planted = attacker.cookies["__Host-hoster_session"]
        for way in ("sign-in", "sign-up"):
            victim.cookies.clear()
            victim.cookies.set("__Host-hoster_session", planted, domain="hoster.test")
            body = {"email": "ann@example.org" if way == "sign-in" else "bob@example.org", "password": PASSWORD}
            csrf = {"x-csrf-token": attacker.cookies["hoster_csrf"]}
            answer = await victim.post(f"{AUTH}/{way}", json=body, headers=csrf)
            assert answer.status_code in (200, 201), answer.text
            assert victim.cookies["__Host-hoster_session"] != planted
            assert await me(victim) not in (None, mallory)
            assert await me(browser(running), cookie=f"__Host-hoster_session={planted}") in (None, mallory)
    assert await me(running.client) == ann
    await shut(running)


WRITES = (
    ("POST", "operations"), ("POST", "notes"), ("PATCH", "notes/x"), ("DELETE", "notes/x"), ("POST", "notes/x/anything"),
    ("PATCH", "notes/x/relationships/owner"), ("POST", "tokens"), ("DELETE", "tokens/x"), ("DELETE", "sessions/x"),
    ("PATCH", "users/x"), ("POST", "auth/sign-out"), ("POST", "auth/sign-out-everywhere"), ("POST", "auth/password"),
)  # fmt: skip


@pytest.mark.parametrize(("method", "path"), WRITES)
async def test_no_write_with_a_cookie_goes_without_its_proof(tmp_path: Path, method: str, path: str) -> None:
    running = await signed_in(tmp_path)
    before = running.events()
    for headers in ({}, {"x-csrf-token": "0" * 64}, {"idempotency-key": "k"}, {"x-requested-with": "XMLHttpRequest"}):
        for body in (token_body(), {"current": PASSWORD, "password": "an entirely new one"}):
            answer = await running.client.request(method, f"/api/v1/{path}", json=body, headers=JSON_API | headers)
            assert code(answer) == (403, "csrf"), headers
    assert running.events() == before
    assert await me(running.client) is not None
    await shut(running)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_what_needs_no_proof_changes_nothing(tmp_path: Path, method: str) -> None:
    running = await signed_in(tmp_path)
    before = running.events()
    for _, path in WRITES:
        await running.client.request(method, f"/api/v1/{path}", headers=JSON_API)
    assert running.events() == before
    assert await me(running.client) is not None
    await shut(running)


async def signed_in(tmp_path: Path) -> System:
    """A system whose client is a browser in which somebody has signed in."""
    running = await desk(tmp_path)
    await sign_up(running)
    assert (await sign_in(browser(running))).status_code == 200
    return running
