"""Sessions: cookies that no other site can use, that end in time, and that nobody can plant."""

from pathlib import Path

from tests.identity.desk import AUTH, JSON_API, PASSWORD, Clock, browser, code, desk, me, note, sign_in, sign_up
from tests.support import shut

SESSION, CSRF = "__Host-hoster_session", "hoster_csrf"
DAY = 86400.0


async def test_the_cookies_are_for_this_site_only_and_the_session_is_for_no_script(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    answer = await running.client.post(f"{AUTH}/sign-up", json={"email": "ann@example.org", "password": PASSWORD})
    session, csrf = answer.headers.get_list("set-cookie")
    assert session.startswith(f"{SESSION}=")
    assert {"HttpOnly", "Secure", "SameSite=Lax", "Path=/"} <= set(session.split("; "))
    assert "Domain" not in session
    assert csrf.startswith(f"{CSRF}=") and "Secure" in csrf and "HttpOnly" not in csrf
    assert running.client.cookies[SESSION] not in answer.text, "the token is in the cookie and nowhere else"
    row = running.store.database.read("SELECT token FROM sessions")[0][0]
    assert running.client.cookies[SESSION] not in row
    assert running.client.cookies[SESSION] not in str(running.store.database.read("SELECT * FROM _events"))
    await shut(running)


async def test_on_this_machine_in_clear_the_cookie_has_a_plain_name_and_elsewhere_that_name_is_nothing(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    await sign_up(running)
    async with browser(running, base="http://localhost:8080") as local:
        answer = await sign_in(local)
        assert answer.headers.get_list("set-cookie")[0].startswith("hoster_session=")
        assert "Secure" not in answer.headers.get_list("set-cookie")[0]
        assert await me(local) is not None
        planted = f"hoster_session={local.cookies['hoster_session']}"
        foreign = ({"host": host} for host in ("hoster.test", "[::1", "a]", "[localhost]"))
        for odd in ({"x-forwarded-for": "1.2.3.4"}, {"origin": "https://hoster.test"}, *foreign):
            assert await me(local, **odd) is None
    async with browser(running, peer="10.0.0.9", base="http://localhost:8080") as far:
        assert await me(far, cookie=planted) is None
        assert (await sign_in(far)).headers.get_list("set-cookie")[0].startswith(SESSION)
    await shut(running)


async def test_signing_in_makes_a_session_of_its_own_whatever_the_browser_brought(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    await sign_up(running)
    async with browser(running) as other:
        planted = "session_" + "0" * 64
        other.cookies.set(SESSION, planted, domain="hoster.test")
        assert await me(other) is None, "a session that nobody made is nobody"
        await sign_in(other)
        first = other.cookies[SESSION]
        assert first != planted
        csrf = {"x-csrf-token": other.cookies[CSRF]}
        await sign_in(other, **csrf)
        assert other.cookies[SESSION] != first
        assert await me(browser(running), cookie=f"{SESSION}={first}") is None, "the former session of that browser has ended"
    await shut(running)


async def test_a_new_password_ends_every_session_and_gives_this_browser_another(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    csrf = await sign_up(running)
    async with browser(running) as other:
        await sign_in(other)
        before = running.client.cookies[SESSION]
        change = {"current": PASSWORD, "password": "an entirely new one"}
        answer = await running.client.post(f"{AUTH}/password", json=change, headers={"x-csrf-token": csrf})
        assert answer.status_code == 200
        assert running.client.cookies[SESSION] != before
        assert await me(running.client) is not None
        assert await me(other) is None
        assert await me(other, cookie=f"{SESSION}={before}") is None
    await shut(running)


async def test_a_write_with_a_cookie_needs_what_only_pages_of_ours_know(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    csrf = await sign_up(running)
    async with browser(running) as other:
        foreign = (await sign_in(other)).json()["meta"]["csrf"]
    tries = (
        {},
        {"x-csrf-token": ""},
        {"x-csrf-token": "0" * 64},
        {"x-csrf-token": foreign},
        {"x-csrf-token": csrf, "sec-fetch-site": "cross-site"},
        {"x-csrf-token": csrf, "sec-fetch-site": "same-site"},
        {"x-csrf-token": csrf, "origin": "https://evil.test"},
        {"x-csrf-token": csrf, "origin": "null"},
        {"x-csrf-token": csrf, "origin": "https://hoster.test.evil.test"},
        {"x-csrf-token": csrf, "origin": "https://hoster.test:444"},
    )
    for headers in tries:
        for method, path in (("POST", "notes"), ("PATCH", "notes/x"), ("DELETE", "notes/x"), ("POST", "auth/sign-out")):
            answer = await running.client.request(method, f"/api/v1/{path}", json=note(), headers={**JSON_API, **headers})
            assert code(answer) == (403, "csrf"), (method, path, headers)
    assert running.store.database.read("SELECT count(*) FROM notes") == [(0,)]
    for headers in ({}, {"origin": "https://hoster.test"}, {"sec-fetch-site": "same-origin", "origin": "https://proxied.test"}):
        answer = await running.client.post("/api/v1/notes", json=note(), headers=JSON_API | {"x-csrf-token": csrf} | headers)
        assert answer.status_code == 201, answer.text
    await shut(running)


async def test_another_site_can_sign_nobody_in(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    await sign_up(running)
    async with browser(running) as victim:
        assert code(await sign_in(victim, origin="https://evil.test")) == (403, "csrf")
        assert code(await sign_in(victim, **{"sec-fetch-site": "cross-site"})) == (403, "csrf")
        form = await victim.post(f"{AUTH}/sign-in", data={"email": "ann@example.org", "password": PASSWORD})
        assert form.status_code == 415
        text = await victim.post(
            f"{AUTH}/sign-in",
            content=f'{{"email": "ann@example.org", "password": "{PASSWORD}"}}',
            headers={"content-type": "text/plain"},
        )
        assert text.status_code == 415
        assert not victim.cookies
    await shut(running)


async def test_a_session_ends_when_it_is_not_used(tmp_path: Path) -> None:
    clock = Clock()
    running = await desk(tmp_path, clock, auth_session_idle=7 * DAY)
    await sign_up(running)
    for _ in range(3):
        clock.at += 7 * DAY - 120
        assert await me(running.client) is not None
        await running.until(lambda: running.store.database.read("SELECT last_seen_at FROM sessions") == [(running.store.now,)])
    clock.at += 7 * DAY + 1
    assert await me(running.client) is None
    await shut(running)


async def test_a_session_ends_however_much_it_is_used(tmp_path: Path) -> None:
    clock = Clock()
    running = await desk(tmp_path, clock, auth_session_lifetime=30 * DAY, auth_session_idle=7 * DAY)
    await sign_up(running)
    for _ in range(29):
        clock.at += DAY
        assert await me(running.client) is not None
    clock.at += DAY + 1
    assert await me(running.client) is None
    await shut(running)


async def test_that_a_session_is_in_use_is_noted_once_a_minute_and_is_no_event(tmp_path: Path) -> None:
    clock = Clock()
    running = await desk(tmp_path, clock)
    await sign_up(running)
    seen = "SELECT last_seen_at, _version FROM sessions"
    before, events = running.store.database.read(seen), running.events()
    clock.at += 59
    await me(running.client)
    assert running.store.database.read(seen) == before
    clock.at += 2
    await me(running.client)
    await running.until(lambda: running.store.database.read(seen) == [(running.store.now, 1)])
    assert running.events() == events
    await shut(running)


async def test_signing_out_ends_this_session_and_everywhere_all_of_one_person(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    csrf = await sign_up(running)
    async with browser(running) as second, browser(running) as bob:
        await bob.post(f"{AUTH}/sign-up", json={"email": "bob@example.org", "password": PASSWORD})
        again = (await sign_in(second)).json()["meta"]["csrf"]
        kept = running.client.cookies[SESSION]
        answer = await running.client.post(f"{AUTH}/sign-out", headers={"x-csrf-token": csrf})
        assert answer.status_code == 204
        assert "Max-Age=0" in answer.headers["set-cookie"]
        assert SESSION not in running.client.cookies
        assert await me(running.client, cookie=f"{SESSION}={kept}") is None
        assert await me(second) is not None
        await sign_in(running.client)
        assert (await second.post(f"{AUTH}/sign-out-everywhere", headers={"x-csrf-token": again})).status_code == 204
        assert await me(running.client) is None
        assert await me(bob) is not None
        assert (await second.post(f"{AUTH}/sign-out")).status_code == 401
    await shut(running)


async def test_a_session_row_is_its_owners_to_see_and_to_end_and_nobodys_to_make(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    csrf = {"x-csrf-token": await sign_up(running)}
    async with browser(running) as other:
        await sign_in(other)
        rows = (await running.client.get("/api/v1/sessions")).json()["data"]
        assert len(rows) == 2
        assert "token" not in rows[0]["attributes"]
        mine = (await other.get(f"{AUTH}/me")).json()["meta"]["credential"]
        assert (await running.client.delete(f"/api/v1/{mine}", headers=csrf)).status_code == 204
        assert await me(other) is None
    made = {"data": {"type": "sessions", "attributes": {}}}
    assert (await running.client.post("/api/v1/sessions", json=made, headers=JSON_API | csrf)).status_code == 403
    await shut(running)


async def test_odd_cookies_are_nobody_and_never_an_error(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    odd = ("", "=", "; ;", SESSION, f"{SESSION}=", f"{SESSION}=\xff\xfe", f"{SESSION}={'a' * 5000}", f"{SESSION}=' OR 1=1 --")
    for cookie in odd:
        answer = await running.client.get(f"{AUTH}/me", headers={b"cookie": cookie.encode("latin-1")})
        assert (answer.status_code, answer.json()["data"]) == (200, None), cookie
    await shut(running)
