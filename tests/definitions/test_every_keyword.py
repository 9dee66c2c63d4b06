"""One type that uses every keyword, and what it means in the model."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

from engine.loader import load
from engine.model import Attribute, Definitions, Limit, Position, Relationship, ResourceType, Retry, Reverse, RuleText, Timer

SOUND = Path(__file__).parent / "sound"

TICKETS = """\
description: A request for help.
id_prefix: tick_
owner: customer
was: requests
attributes:
  subject: {type: string, required: true, min_length: 3, max_length: 80, pattern: "^[A-Z]", description: In short}
  code:    {type: slug, computed: slugify(subject), unique: owner}
  serial:  {type: integer, unique: [plan, code], minimum: 1, maximum: 99, index: true, was: number}
  level:   {type: enum, values: [low, high], default: low, immutable: true}
  opened:  {type: timestamp, set_by: system, default: {rule: now}}
  labels:  {type: json, schema: {type: array, items: {type: string}}, default: [a], check: labels.known}
  price:   {type: money, currency: EUR, default: {amount: 5, currency: EUR}}
  secret:  {type: secret, read: operator}
  pin:     {type: integer, secret: true, minimum: 1, write: operator}
  door:    {type: token}
  problem: {type: json, set_by: system}
relationships:
  plan:     {to: plans, required: true, immutable: true, on_delete: restrict, was: tier, reverse: sold, description: A choice}
  customer: {to: users, on_delete: set_null}
  offered:  {to: plans, read: operator, write: customer == null, default: {name: free}}
  above:    {to: tickets, reverse: below}
  beside:   {to: tickets, reverse: false}
lifecycle:
  attribute: stage
  initial: open
  failure: problem
  states:
    open:    {description: Waiting, tone: warn, after: {2d: escalate, 90m: nudge}}
    working: {run: tickets.work, then: closed, else: open, within: 1.5h, retry: {attempts: 4, delay: 500ms, max_delay: 2m}}
    nudged:  {run: tickets.nudge, then: open, else: closed, within: 30s, retry: 3, was: poked}
    closed:  {final: true, gone: true}
  transitions:
    escalate: {from: [open], to: working, by: system}
    nudge:    {from: open, to: nudged, by: system, run: tickets.nudge_again}
    close:
      from: "*"
      to: closed
      description: Done with it
      confirm: true
      by: customer in user.principals && level == "low"
      needs: {"input.reason != null": Say why, "old.level == level": Leave the level alone}
      inputs: {reason: {type: string, required: true, max_length: 40}}
access: {read: owner, usable: known, create: known, update: owner, delete: operator}
credential: bearer
limits:
  mine: {most: most, total: serial, where: serial > 3, unless: operator, message: Enough}
validations:
  - {rule: "serial == null || serial > 1", message: Too small, attribute: serial}
examples:
  - {as: stranger, when: {level: high}, can: [create], cannot: [read, close]}
reads:
  history: tickets.history
  log: {from: tickets.log, stream: true, description: What happened, params: {tail: {type: integer, default: 10}}}
view: {list: [subject, stage], filter: [level], sort: [subject], order: -subject, title: subject}
"""


def tickets(tmp_path: Path) -> ResourceType:
    (tmp_path / "tickets.yaml").write_text(TICKETS)
    loaded = load([SOUND, tmp_path])
    assert [str(problem) for problem in loaded.problems] == []
    definitions: Definitions | None = loaded.definitions
    assert definitions is not None
    return definitions.types["tickets"]


def place(tmp_path: Path, needle: str, *, after: str = "") -> Position:
    lines = TICKETS.split("\n")
    line = next(number for number, text in enumerate(lines) if needle in text and after in text)
    return Position(str(tmp_path / "tickets.yaml"), line + 1, lines[line].index(needle) + 1)


def test_the_top_of_the_file(tmp_path: Path) -> None:
    ticket = tickets(tmp_path)
    assert (ticket.description, ticket.id_prefix, ticket.owner, ticket.was) == (
        "A request for help.",
        "tick_",
        "customer",
        "requests",
    )


def test_attributes(tmp_path: Path) -> None:
    attributes = tickets(tmp_path).attributes
    assert attributes["subject"] == Attribute(
        name="subject",
        type="string",
        description="In short",
        required=True,
        min_length=3,
        max_length=80,
        pattern="^[A-Z]",
        position=place(tmp_path, "subject: {type"),
    )
    assert attributes["code"].computed == RuleText("slugify(subject)", place(tmp_path, "slugify(subject)"))
    assert (attributes["code"].unique, attributes["code"].set_by) == (("customer",), "system")
    serial = attributes["serial"]
    assert (serial.unique, serial.minimum, serial.maximum, serial.index, serial.was) == (
        ("plan", "code"),
        1,
        99,
        True,
        "number",
    )
    level = attributes["level"]
    assert (level.values, level.default, level.immutable, level.unique) == (("low", "high"), "low", True, None)
    opened = attributes["opened"]
    assert (opened.set_by, opened.default, opened.default_rule) == ("system", None, RuleText("now", place(tmp_path, "now}}")))
    labels = attributes["labels"]
    assert (labels.default, labels.check, labels.schema) == (
        ["a"],
        "labels.known",
        {"type": "array", "items": {"type": "string"}},
    )
    assert (attributes["price"].currency, attributes["price"].default) == ("EUR", {"amount": 5, "currency": "EUR"})
    assert attributes["secret"].read == RuleText("user.operator", place(tmp_path, "operator}"))
    assert [name for name, each in attributes.items() if each.encrypted] == ["secret", "pin"]
    assert [name for name, each in attributes.items() if each.concealed] == ["secret", "pin", "door"]
    assert attributes["pin"].write == RuleText("user.operator", place(tmp_path, "operator}", after="pin:"))
    door = attributes["door"]
    assert (door.set_by, door.prefix, door.unique, door.secret) == ("system", "ticket_", (), False)


def test_relationships(tmp_path: Path) -> None:
    relationships = tickets(tmp_path).relationships
    assert relationships["plan"] == Relationship(
        name="plan",
        to="plans",
        description="A choice",
        required=True,
        immutable=True,
        on_delete="restrict",
        reverse="sold",
        was="tier",
        position=place(tmp_path, "plan:     {to"),
    )
    assert (relationships["customer"].set_by, relationships["customer"].on_delete) == ("system", "set_null")
    offered = relationships["offered"]
    assert (offered.read, offered.write) == (
        RuleText("user.operator", place(tmp_path, "operator, write: customer")),
        RuleText("customer == null", place(tmp_path, "customer == null")),
    )
    assert offered.default == {"name": "free"}


def test_the_other_ends_of_relationships(tmp_path: Path) -> None:
    ticket = tickets(tmp_path)
    definitions = load([SOUND, tmp_path]).definitions
    assert definitions is not None
    assert {name: each.reverse for name, each in ticket.relationships.items()} == {
        "plan": "sold",
        "customer": "tickets",
        "offered": None,  # who may not see it would see it from the other end
        "above": "below",
        "beside": None,
    }
    ends = {name: dict(each.reverses) for name, each in definitions.types.items()}
    assert ends == {
        "plans": {"sold": Reverse("sold", "tickets", "plan"), "users": Reverse("users", "users", "plan")},
        "users": {"tickets": Reverse("tickets", "tickets", "customer")},
        "tickets": {"below": Reverse("below", "tickets", "above")},
    }


def test_what_lets_in_and_what_is_limited(tmp_path: Path) -> None:
    ticket = tickets(tmp_path)
    definitions = load([SOUND, tmp_path]).definitions
    assert definitions is not None
    assert (definitions.credential("bearer"), definitions.credential("cookie")) == (ticket, None)
    assert definitions.limits is definitions.types["plans"]
    assert ticket.access.usable == RuleText("user.known", place(tmp_path, "known, create"))
    assert dict(ticket.limits) == {
        "mine": Limit(
            name="mine",
            most="most",
            total="serial",
            where=RuleText("serial > 3", place(tmp_path, "serial > 3, unless")),
            unless=RuleText("user.operator", place(tmp_path, "operator, message: Enough")),
            message="Enough",
            position=place(tmp_path, "mine: {most"),
        )
    }


def test_states(tmp_path: Path) -> None:
    lifecycle = tickets(tmp_path).lifecycle
    assert lifecycle is not None
    assert (lifecycle.attribute, lifecycle.initial, lifecycle.failure, lifecycle.gone) == (
        "stage",
        "open",
        "problem",
        ("closed",),
    )
    first = lifecycle.states["open"]
    assert (first.description, first.tone) == ("Waiting", "warn")
    assert first.after == (
        Timer(172_800.0, "escalate", place(tmp_path, "escalate, 90m")),
        Timer(5_400.0, "nudge", place(tmp_path, "nudge}}")),
    )
    working = lifecycle.states["working"]
    assert (working.run, working.then, working.otherwise, working.within) == ("tickets.work", "closed", "open", 5_400.0)
    assert (working.retry, working.tone) == (Retry(attempts=4, delay=0.5, max_delay=120.0), "busy")
    assert (lifecycle.states["nudged"].retry, lifecycle.states["nudged"].was) == (Retry(attempts=3), "poked")
    assert (lifecycle.states["closed"].final, lifecycle.states["closed"].gone) == (True, True)


def test_transitions(tmp_path: Path) -> None:
    lifecycle = tickets(tmp_path).lifecycle
    assert lifecycle is not None
    close = lifecycle.transitions["close"]
    assert (close.sources, close.target, close.confirm, close.description) == (
        ("open", "working", "nudged"),
        "closed",
        True,
        "Done with it",
    )
    assert [(guard.rule.text, guard.message) for guard in close.guards] == [
        ("input.reason != null", "Say why"),
        ("old.level == level", "Leave the level alone"),
    ]
    assert close.guards[0].rule.position == place(tmp_path, "input.reason != null")
    assert (close.inputs["reason"].required, close.inputs["reason"].max_length) == (True, 40)
    assert isinstance(close.by, RuleText)
    assert lifecycle.transitions["nudge"].run == "tickets.nudge_again"
    assert lifecycle.transitions["nudge"].by == "system"


def test_the_small_sections(tmp_path: Path) -> None:
    ticket = tickets(tmp_path)
    (validation,) = ticket.validations
    assert (validation.message, validation.attribute) == ("Too small", "serial")
    (example,) = ticket.examples
    assert (example.actor, dict(example.when), example.can, example.cannot) == (
        "stranger",
        {"level": "high"},
        ("create",),
        ("read", "close"),
    )
    assert (ticket.reads["history"].source, ticket.reads["log"].source) == ("tickets.history", "tickets.log")
    assert (ticket.reads["log"].stream, ticket.reads["log"].params["tail"].default) == (True, 10)
    view = ticket.view
    assert (view.columns, view.filter, view.sort) == (("subject", "stage"), ("level",), ("subject",))
    assert (view.order, view.title) == ("-subject", "subject")


def test_the_model_cannot_be_changed(tmp_path: Path) -> None:
    ticket = tickets(tmp_path)
    assert ticket.lifecycle is not None
    mappings = [
        ticket.attributes,
        ticket.relationships,
        ticket.reads,
        ticket.reverses,
        ticket.limits,
        ticket.lifecycle.states,
        ticket.lifecycle.transitions,
    ]
    assert {type(each) for each in mappings} == {MappingProxyType}
