"""Names that look like somebody else's: refused where nobody could tell them apart, and never taken for the other one."""

import logging
from pathlib import Path

import pytest

from tests.identity.desk import AUTH, PASSWORD, browser, code, desk, me, sign_in, sign_up
from tests.support import shut

ANN = "ann@example.org"


@pytest.mark.parametrize(
    "hidden", ["\u200b", "\u200d", "\u200e", "\u202e", "\u2066", "\u2060", "\ufeff", "\u00ad", "\u061c", "\u0085", "\u00a0"]
)
async def test_an_address_has_nothing_that_nobody_sees(tmp_path: Path, hidden: str) -> None:
    running = await desk(tmp_path)
    for email in (f"ann{hidden}@example.org", f"{hidden}ann@example.org", f"ann@example{hidden}.org"):
        answer = await running.client.post(f"{AUTH}/sign-up", json={"email": email, "password": PASSWORD})
        assert code(answer) == (422, "wrong_format"), ascii(email)
    assert running.store.database.read("SELECT count(*) FROM users") == [(0,)]
    await shut(running)


@pytest.mark.parametrize(
    "email",
    ["\u0430nn@example.org", "\uff41nn@example.org", "a\u0578n@example.org", "ann\u0307@example.org", "ann@ex\u0430mple.org"],
    ids=["cyrillic", "full width", "armenian", "with a dot above", "cyrillic host"],
)
async def test_an_address_that_looks_like_anothers_is_nobodys(
    tmp_path: Path, email: str, caplog: pytest.LogCaptureFixture
) -> None:
    running = await desk(tmp_path)
    await sign_up(running, ANN)
    ann = await me(running.client)
    async with browser(running) as other:
        assert code(await sign_in(other, email=email)) == (401, "wrong_credentials")
        with caplog.at_level(logging.WARNING):
            assert (await other.post(f"{AUTH}/password-reset", json={"email": email})).status_code == 202
        made = await other.post(f"{AUTH}/sign-up", json={"email": email, "password": "an entirely other one"})
        assert code(made) == (422, "wrong_format")
        assert await me(other) is None
        assert code(await sign_in(browser(running), "an entirely other one")) == (401, "wrong_credentials")
    assert "one-time token" not in caplog.text, "nobody has that address"
    assert await me(running.client) == ann
    await shut(running)


@pytest.mark.parametrize(("email", "kept"), [("mi\u212ae@example.org", "mike@example.org"), ("ANN@EXAMPLE.ORG", ANN)])
async def test_what_unicode_and_case_call_the_same_is_one_account_under_one_name(tmp_path: Path, email: str, kept: str) -> None:
    running = await desk(tmp_path)
    await sign_up(running, kept)
    async with browser(running) as other:
        body = {"email": email, "password": "an entirely other one"}
        assert code(await other.post(f"{AUTH}/sign-up", json=body)) in ((409, "taken"), (422, "wrong_format"))
        assert code(await sign_in(other, "an entirely other one", email=email)) == (401, "wrong_credentials")
        assert (await sign_in(other, email=email)).json()["data"]["attributes"]["email"] == kept
    await shut(running)
