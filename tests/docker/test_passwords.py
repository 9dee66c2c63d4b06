"""Passwords of a deployment: given apart from other values, used in containers, and in nothing that is shown or kept."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from engine.access import Actor, user
from engine.commands.job import Fail, Retry
from engine.commands.registry import Registry
from engine.store import Sealed
from handlers.docker.checks import check_secrets, check_values
from handlers.docker.evidence import conceal, redact
from handlers.docker.preparation import prepare
from tests.support import System, shut, system

PASSWORD = "correct horse battery"
VARIABLES = [{"name": "GREETING", "type": "string"}, {"name": "KEY", "label": "The key", "type": "password", "required": True}]
COMPOSE = "services: {a: {image: 'busybox:1', environment: {K: $KEY, G: $GREETING}}}"


def row(compose: str = COMPOSE, **more: Any) -> dict[str, Any]:
    return {"template_variables": VARIABLES, "compose_spec": compose, "variables": {"GREETING": "Hi"}, **more}


def test_a_password_among_the_values_that_are_shown_is_refused() -> None:
    (problem,) = check_values({"KEY": PASSWORD, "GREETING": "Hi", "OTHER": "x"}, {}, {"variables": VARIABLES})
    assert (problem.message, problem.path) == ("The key (KEY) is a password: set it under secrets", ("KEY",))
    assert check_values({"KEY": PASSWORD}, {}, None) == []


def test_what_is_no_password_is_refused_among_the_secrets() -> None:
    (problem,) = check_secrets({"KEY": PASSWORD, "GREETING": "Hi"}, row(), None)
    assert (problem.message, problem.path) == ("GREETING is no password: set it under variables", ("GREETING",))


def test_a_start_uses_both_and_knows_what_to_mask() -> None:
    prepared = prepare("depl_1", row(secrets={"KEY": PASSWORD}), None)
    assert prepared.plan.containers[0].service.environment == {"K": PASSWORD, "G": "Hi"}
    assert prepared.secrets == (PASSWORD,)


@pytest.mark.parametrize(("where", "service"), [("labels", "labels: {x: 'k-$KEY'}"), ("image", "image: 'busybox:$KEY'")])
def test_a_password_where_others_see_it_is_refused(where: str, service: str) -> None:
    compose = f"services: {{a: {{{service}{'' if where == 'image' else ', image: busybox'}}}}}"
    with pytest.raises(Fail, match=f"a password stands in its {where}") as caught:
        prepare("depl_1", row(compose, secrets={"KEY": "s3cretword"}), None)
    assert "s3cretword" not in str(vars(caught.value))


def test_a_password_that_is_a_word_of_the_file_anyway_is_none_there() -> None:
    assert prepare("depl_1", row(secrets={"KEY": "busybox"}), None).plan.containers[0].service.image == "busybox:1"


def test_what_a_failure_says_is_masked_throughout() -> None:
    error = Retry(f'exec: "{PASSWORD}" not found', hint=PASSWORD, log=[f"key={PASSWORD}", 3], more={"a": PASSWORD})
    conceal(error, (PASSWORD,))
    assert "horse" not in str(vars(error))
    assert error.evidence["log"] == ["key=•••", 3]


def test_each_line_of_a_long_password_is_masked() -> None:
    assert redact("first\nmiddle-of-it\n", ("begin-of-it\nmiddle-of-it\nend",)) == "first\n•••\n"


FILES = {
    "boards": "attributes: {names: {type: json}, title: {type: string, read: owner}}\n",
    "notes": """
        attributes:
          plain: {type: json, check: notes.plain}
          hidden: {type: json, secret: true, check: notes.hidden, schema: {type: object}}
        relationships: {board: {to: boards}}
        access: {read: public}
        """,
}


@pytest.fixture
def asked() -> list[Any]:
    """What the checks were given."""
    return []


@pytest.fixture
async def desk(tmp_path: Path, asked: list[Any]) -> Any:
    registry = Registry()

    @registry.checks("notes.plain", related=("board", "nothing"))
    def plain(value: Any, row: Any, related: Any) -> list[Any]:
        asked.append(("plain", value, related))
        return []

    @registry.checks("notes.hidden")
    def hidden(value: Any, row: Any) -> list[Any]:
        asked.append(("hidden", value))
        return []

    running = await system(tmp_path, FILES, registry)
    yield running
    await shut(running)


async def person(desk: System, name: str) -> Actor:
    return user(await desk.tokens.user_for(f"{name}@example.org", name=name))


async def test_a_check_gets_related_rows_that_the_writer_may_see(desk: System, asked: list[Any]) -> None:
    anna = await person(desk, "anna")
    bert = await person(desk, "bert")
    board = (await desk.service.create(anna, "boards", {"names": ["a"], "title": "t"}, {})).record
    await desk.service.create(anna, "notes", {"plain": 1}, {"board": board.id})
    (_, _, related) = asked.pop()
    assert (related["board"]["names"], related["board"]["title"], related["nothing"]) == (["a"], "t", None)
    with pytest.raises(Exception, match="There is no resource boards/"):
        await desk.service.create(bert, "notes", {"plain": 1}, {"board": board.id})
    assert asked.pop() == ("plain", 1, {"board": None, "nothing": None})


async def test_a_secret_is_checked_when_it_is_given_and_lies_nowhere_in_clear(desk: System, asked: list[Any]) -> None:
    anna = await person(desk, "anna")
    note = (await desk.service.create(anna, "notes", {"hidden": {"KEY": PASSWORD}}, {})).record
    assert asked == [("hidden", {"KEY": PASSWORD})]
    await desk.service.update(anna, "notes", note.id, {"plain": 2}, {})
    assert [each[0] for each in asked] == ["hidden", "plain"]
    secret = desk.store.find(desk.store.kind("notes"), anna, note.id).row["hidden"]  # type: ignore[union-attr]
    assert isinstance(secret, Sealed)
    assert secret.value() == {"KEY": PASSWORD}
    kept = b"".join(path.read_bytes() for path in desk.path.parent.glob("hoster.db*"))
    assert re.search(b"horse", kept) is None
