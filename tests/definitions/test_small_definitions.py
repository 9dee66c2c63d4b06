"""A few lines are a complete type: everything that is not said has a sensible meaning, and is written out in the model."""

from __future__ import annotations

from pathlib import Path

from engine.loader import load
from engine.model import ResourceType, RuleText

SOUND = Path(__file__).parent / "sound"

NOTES = """
attributes:
  title: {type: string, required: true, max_length: 120}
  body:  {type: text}
"""


def loaded_type(directory: Path, name: str, text: str) -> ResourceType:
    (directory / f"{name}.yaml").write_text(text)
    loaded = load([SOUND, directory])
    assert [str(problem) for problem in loaded.problems] == []
    assert loaded.definitions is not None
    return loaded.definitions.types[name]


def texts(resource: ResourceType) -> dict[str, str]:
    access = resource.access
    rules = {"read": access.read, "create": access.create, "update": access.update, "delete": access.delete}
    return {name: rule.text for name, rule in rules.items() if rule is not None}


def test_two_attributes_are_a_complete_type(tmp_path: Path) -> None:
    notes = loaded_type(tmp_path, "notes", NOTES)
    assert (notes.name, notes.id_prefix, notes.owner, notes.identity, notes.lifecycle) == (
        "notes",
        "note_",
        "owner",
        False,
        None,
    )
    assert list(notes.attributes) == ["title", "body"]
    assert (notes.attributes["title"].required, notes.attributes["title"].max_length) == (True, 120)
    owner = notes.relationships["owner"]
    assert (owner.to, owner.set_by, owner.required, owner.on_delete) == ("users", "system", False, "restrict")


def test_by_default_only_the_owner_has_access(tmp_path: Path) -> None:
    mine = "owner in user.principals"
    assert texts(loaded_type(tmp_path, "notes", NOTES)) == {
        "read": mine,
        "create": "user.known",
        "update": mine,
        "delete": mine,
    }


def test_a_named_owner_is_the_one_in_the_rules(tmp_path: Path) -> None:
    text = "owner: author\nrelationships:\n  author: {to: users}\n" + NOTES.replace("body", "text")
    notes = loaded_type(tmp_path, "notes", text)
    assert notes.relationships["author"].set_by == "system"
    assert "owner" not in notes.relationships
    assert texts(notes)["update"] == "author in user.principals"


def test_what_nobody_owns_belongs_to_operators(tmp_path: Path) -> None:
    notes = loaded_type(tmp_path, "notes", "owner: none\n" + NOTES)
    assert (notes.owner, dict(notes.relationships)) == (None, {})
    assert set(texts(notes).values()) == {"user.operator"}


def test_a_user_owns_itself(tmp_path: Path) -> None:
    (tmp_path / "users.yaml").write_text("identity: true\nattributes:\n  email: {type: email}\n")
    definitions = load([tmp_path]).definitions
    assert definitions is not None
    assert definitions.identity is definitions.types["users"]
    assert texts(definitions.types["users"]) == {
        "read": "id in user.principals",
        "create": "user.operator",
        "update": "id in user.principals",
        "delete": "id in user.principals",
    }


def test_words_stand_for_rules(tmp_path: Path) -> None:
    text = NOTES + "access: {read: public, create: operator, update: known, delete: nobody}\n"
    notes = loaded_type(tmp_path, "notes", text)
    assert texts(notes) == {"read": "true", "create": "user.operator", "update": "user.known", "delete": "false"}


def test_a_transition_is_fired_by_the_owner_unless_told_otherwise(tmp_path: Path) -> None:
    text = """
lifecycle:
  initial: open
  states: {open: {}, shut: {}, lost: {}}
  transitions:
    close: {from: open, to: shut}
    reopen: {from: shut, to: open, by: known}
    lose: {from: open, to: lost, by: system}
    find: {from: "*", to: open, by: user.operator}
"""
    notes = loaded_type(tmp_path, "notes", text)
    assert notes.lifecycle is not None
    moves = notes.lifecycle.transitions
    by = {name: move.by.text if isinstance(move.by, RuleText) else move.by for name, move in moves.items()}
    assert by == {"close": "owner in user.principals", "reopen": "user.known", "lose": "system", "find": "user.operator"}
    assert moves["find"].sources == ("shut", "lost")


def test_prefixes_come_from_the_name(tmp_path: Path) -> None:
    for name, prefix in (("notes", "note_"), ("ssh_keys", "ssh_key_"), ("gas", "ga_"), ("s", "s_"), ("policies", "policy_")):
        directory = tmp_path / name
        directory.mkdir()
        assert loaded_type(directory, name, NOTES).id_prefix == prefix


def test_words_of_other_yaml_versions_stay_text(tmp_path: Path) -> None:
    text = "attributes:\n  answer: {type: enum, values: [yes, no, on, off, 2026-01-01, 1_000], default: no}\n"
    answer = loaded_type(tmp_path, "notes", text).attributes["answer"]
    assert (answer.values, answer.default) == (("yes", "no", "on", "off", "2026-01-01", "1_000"), "no")
