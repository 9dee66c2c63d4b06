"""The page about who is asking: addresses, headers, settings and codes are those that there are."""

import re
from pathlib import Path

from engine.identity import cookies, gateway
from engine.model import ResourceType
from engine.settings.declaration import settings_of
from engine.settings.declared import SHIPPED_RESOURCES, Settings
from tests.docs.pages import page, rows
from tests.identity.desk import desk
from tests.support import shut

PAGE = page("identity")


async def test_every_address_of_the_page_is_there_and_every_one_is_in_the_page(tmp_path: Path) -> None:
    running = await desk(tmp_path)
    told = {cell for line in rows(PAGE, "Accounts") for cell in re.findall(r"`((?:GET|POST) /api/v1/auth/[a-z/-]+)`", line[0])}
    for method, address in (each.split() for each in told):
        allowed = await running.client.options(address)
        assert method in allowed.headers["allow"].split(", "), address
    assert {address.split("/auth/")[1] for address in told} == {
        "me", "sign-up", "sign-in", "sign-out", "sign-out-everywhere", "password", "password-reset", "password-reset/confirm",
    }  # fmt: skip
    await shut(running)


def test_every_setting_of_identity_is_in_the_page_and_no_other() -> None:
    told = set(re.findall(r"HOSTER_(?:AUTH|RATES)_[A-Z_]+[A-Z]", PAGE))
    known = {each.variable for each in settings_of(Settings).values()}
    assert told <= known
    left = {name for name in known - told if name.startswith("HOSTER_AUTH_")}
    assert left == {"HOSTER_AUTH_JWT_ISSUER", "HOSTER_AUTH_JWT_AUDIENCE"}, "iss and aud are told of by their names"


def test_every_header_and_cookie_is_in_the_page() -> None:
    headers = (*gateway.NAMES, gateway.SECRET, cookies.CSRF_HEADER)
    missing = {name for name in headers if name.decode() not in PAGE.lower()}
    assert missing == set()
    for name in (cookies.NAME, cookies.SECURE_NAME, cookies.CSRF_NAME):
        assert name.decode() in PAGE


def test_every_attribute_of_a_token_is_in_the_page() -> None:
    from engine.loader import load

    loaded = load([SHIPPED_RESOURCES])
    assert loaded.definitions is not None
    tokens: ResourceType | None = loaded.definitions.credential("bearer")
    assert tokens is not None
    told = {name for line in rows(PAGE, "API tokens") for name in re.findall(r"`(\w+)`", line[0])}
    assert told == set(tokens.attributes)
