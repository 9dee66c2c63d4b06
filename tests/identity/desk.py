"""A system with the shipped types of tokens and sessions, a clock that a test holds, and somebody at a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from engine.ambient import Ambient
from engine.settings import Settings
from engine.settings.declared import SHIPPED_RESOURCES
from tests.support import System, system

PASSWORD = "correct horse battery"
SECRET = "0123456789abcdef-shared-with-the-gateway"
AUTH = "/api/v1/auth"
JSON_API = {"content-type": "application/vnd.api+json"}

USERS = """
identity: true
id_prefix: user_
limited_by: plan
attributes:
  email: {type: email, unique: true, immutable: true}
  name: {type: string, max_length: 100}
  operator: {type: boolean, default: false, write: operator}
relationships:
  plan: {to: plans, write: operator, on_delete: restrict, default: {name: free}}
access:
  read: id in user.principals || user.operator
  create: operator
  update: id in user.principals
  delete: operator
"""
PLANS = """
owner: none
attributes:
  name: {type: slug, required: true, unique: true}
  title: {type: string}
  max_notes: {type: integer, required: true, minimum: 0}
  max_size: {type: number, minimum: 0}
  features: {type: json, schema: {type: array, items: {type: string}}}
access: {read: public}
"""
NOTES = "attributes: {title: {type: string}}\n"
TYPES = {
    "users": USERS,
    "plans": PLANS,
    "notes": NOTES,
    "tokens": (SHIPPED_RESOURCES / "tokens.yaml").read_text(),
    "sessions": (SHIPPED_RESOURCES / "sessions.yaml").read_text(),
}


class Clock(Ambient):
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.at = 1_800_000_000.0

    def time(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at


async def desk(tmp_path: Path, clock: Clock | None = None, **settings: Any) -> System:
    """The system; its client speaks as a browser does over TLS, and keeps cookies."""
    given = Settings(**{"auth_sign_up": "open", "rates_sign_in": None, **settings})
    tmp_path.mkdir(exist_ok=True)
    running = await system(tmp_path, TYPES, ambient=clock or Clock(), settings=given)
    running.client.base_url = httpx.URL("https://hoster.test")
    await running.write(lambda unit: unit.create(unit.store.kind("plans"), {"name": "free", "max_notes": 1, "max_size": 2.5}))
    await running.write(lambda unit: unit.create(unit.store.kind("plans"), {"name": "large", "max_notes": 9}))
    return running


async def sign_up(running: System, email: str = "ann@example.org", **more: str) -> str:
    """Make an account, signed in from then on; answers what its writes must carry."""
    answer = await running.client.post(f"{AUTH}/sign-up", json={"email": email, "password": PASSWORD, **more})
    assert answer.status_code == 201, answer.text
    csrf: str = answer.json()["meta"]["csrf"]
    return csrf


async def sign_in(client: httpx.AsyncClient, password: str = PASSWORD, email: str = "ann@example.org", **headers: str) -> Any:
    """An attempt to sign in."""
    return await client.post(f"{AUTH}/sign-in", json={"email": email, "password": password}, headers=headers)


async def me(client: httpx.AsyncClient, **headers: str) -> str | None:
    """The id of who one is."""
    answer = await client.get(f"{AUTH}/me", headers={name.replace("_", "-"): value for name, value in headers.items()})
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    return data and data["id"]


def browser(running: System, peer: str = "127.0.0.1", base: str = "https://hoster.test") -> httpx.AsyncClient:
    """Another browser, somewhere else."""
    transport = running.client._transport
    assert isinstance(transport, httpx.ASGITransport)
    return httpx.AsyncClient(transport=httpx.ASGITransport(transport.app, client=(peer, 4711)), base_url=base)


def code(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    return answer.status_code, answer.json()["errors"][0]["code"]


def note(title: str = "Milk") -> dict[str, Any]:
    """The body that makes a note."""
    return {"data": {"type": "notes", "attributes": {"title": title}}}


def token_body(name: str = "ci", **more: Any) -> dict[str, Any]:
    """The body that makes a token."""
    return {"data": {"type": "tokens", "attributes": {"name": name, **more}}}
