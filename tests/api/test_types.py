"""Every attribute type at the door: what is let in, what is not, and jsonschema as the oracle of the validator."""

from collections.abc import AsyncIterator
from pathlib import Path

import jsonschema
import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model import Attribute
from engine.types import TYPES
from tests.support import System, shut, system

THINGS = """
attributes:
  a_string: {type: string, min_length: 2, max_length: 5, pattern: "^[a-z]+$"}
  a_text: {type: text, max_length: 10}
  a_line: {type: string}
  a_slug: {type: slug}
  an_integer: {type: integer, minimum: -5, maximum: 5}
  a_number: {type: number, minimum: 0}
  a_boolean: {type: boolean}
  a_timestamp: {type: timestamp}
  a_json: {type: json, schema: {type: object, properties: {n: {type: integer}}, required: [n]}}
  an_enum: {type: enum, values: [red, green]}
  an_email: {type: email}
  a_url: {type: url}
  a_hostname: {type: hostname}
  a_semver: {type: semver}
  a_money: {type: money, currency: USD, maximum: 1000}
  a_secret: {type: secret, min_length: 4}
"""

GOOD = {
    "a_string": ["ab", "abcde"],
    "a_text": ["", "ü" * 10],
    "a_line": ["", "Grüße, 你好 😀", 'a "b" \\ c', " ", "\u00a0"],
    "a_slug": ["a", "a-b", "0"],
    "an_integer": [-5, 0, 5],
    "a_number": [0, 0.5, 1e300],
    "a_boolean": [True, False],
    "a_timestamp": ["2026-01-31T09:30:00Z", "2026-01-31T09:30:00.123456+05:30", "2024-02-29T00:00:00-00:00"],
    "a_json": [{"n": 1}, {"n": 1, "more": [None]}],
    "an_enum": ["red"],
    "an_email": ["a@example.org", "first.last+tag@sub.example.co"],
    "a_url": ["https://example.org/x?y=1#z", "http://localhost:8080"],
    "a_hostname": ["example.org", "a-b.c", "localhost"],
    "a_semver": ["1.0.0", "1.2.3-rc.1+build.5"],
    "a_money": [{"amount": 0, "currency": "USD"}, {"amount": 1000, "currency": "USD"}],
    "a_secret": ["long enough"],
}

BAD = {
    "a_string": ["a", "abcdef", "AB", 1, True, [], {}, "ab\n"],
    "a_text": ["x" * 11, 1.5],
    "a_line": ["a\nb", "a\r", "\n", "\t", "\x1b[2J", "\x7f", "a\x85b", "a\u2028b", "\u2029", "x" * 256],
    "a_slug": ["", "A", "-a", "a-", "a b", "ä", "x" * 64, "a\n"],
    "an_integer": [-6, 6, 1.5, "1", True],
    "a_number": [-0.1, "1", False],
    "a_boolean": [0, 1, "true"],
    "a_timestamp": [
        "2026-01-31", "yesterday", "2026-02-31T00:00:00Z", "2026-01-31T24:00:00Z", "2026-01-31T09:30:00", 1,
        "0000-01-01T00:00:00Z",         "9999-12-31T23:59:59-23:59",
        "2026-01-31T09:30:00+99:99", "2026-01-31T09:30:00Z\n", "0999-01-01T00:00:00Z",
    ],
    "a_json": [{}, {"n": "1"}, [], 7],
    "an_enum": ["blue", "", "RED", 1],
    "an_email": ["a", "a@", "@b.c", "a b@example.org", "a@example", "a@b..c", "a@example.org\n", "a\x7f@example.org"],
    "a_url": ["example.org", "ftp://example.org", "javascript:alert(1)", "https://", "https://a b", "http:///x"],
    "a_hostname": ["", "Example.org", "-a.b", "a..b", "a.b-", "a_b.c", "x" * 64 + ".org", "a.b/"],
    "a_semver": ["1", "1.0", "v1.0.0", "1.0.0.0", "01.0.0"],
    "a_money": [5, {"amount": 1.5, "currency": "USD"}, {"amount": 1, "currency": "EUR"}, {"amount": -1, "currency": "USD"},
                {"amount": 1001, "currency": "USD"}, {"amount": 1}, {"amount": 1, "currency": "USD", "x": 1}],
    "a_secret": ["abc", 1234],
}  # fmt: skip


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[System]:
    running = await system(tmp_path, {"things": THINGS})
    yield running
    await shut(running)


async def test_good_values_come_back_and_bad_ones_are_pointed_at(desk: System) -> None:
    _, ann = await desk.person("ann")
    headers = ann | {"content-type": "application/vnd.api+json"}
    for name, values in GOOD.items():
        for value in values:
            made = await desk.client.post(
                "/api/v1/things", json={"data": {"type": "things", "attributes": {name: value}}}, headers=headers
            )
            assert made.status_code == 201, (name, value, made.text)
            shown = made.json()["data"]["attributes"].get(name)
            assert shown == (None if name == "a_secret" else value) or name == "a_timestamp", (name, value, shown)
    for name, values in BAD.items():
        for value in values:
            refused = await desk.client.post(
                "/api/v1/things", json={"data": {"type": "things", "attributes": {name: value}}}, headers=headers
            )
            assert refused.status_code == 422, (name, value, refused.text)
            assert refused.json()["errors"][0]["source"]["pointer"].startswith(f"/data/attributes/{name}"), (name, value)


async def test_times_are_kept_in_utc_and_filtered_whatever_their_zone(desk: System) -> None:
    _, ann = await desk.person("ann")
    headers = ann | {"content-type": "application/vnd.api+json"}
    document = {"data": {"type": "things", "attributes": {"a_timestamp": "2026-01-31T09:30:00+02:00"}}}
    made = await desk.client.post("/api/v1/things", json=document, headers=headers)
    assert made.json()["data"]["attributes"]["a_timestamp"] == "2026-01-31T07:30:00.000Z"
    for query, count in (
        ("filter[a_timestamp]=2026-01-31T07:30:00Z", 1),
        ("filter[a_timestamp][lt]=2026-01-31T08:30:00%2B01:00", 0),
        ("filter[a_timestamp][le]=2026-01-31T08:30:00%2B01:00", 1),
    ):
        assert len((await desk.client.get(f"/api/v1/things?{query}", headers=ann)).json()["data"]) == count, query
    for wrong in ("2026-02-31T00:00:00Z", "2026-01-31T09:30:00Z%0A", "now", "9999-12-31T23:59:59-23:59"):
        assert (await desk.client.get(f"/api/v1/things?filter[a_timestamp]={wrong}", headers=ann)).status_code == 400, wrong


ANYTHING = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30) | st.from_regex(r"[a-zA-Z0-9@.:/+\- ]{0,30}", fullmatch=True)
    | st.dictionaries(st.sampled_from(["amount", "currency", "n"]), st.integers() | st.sampled_from(["USD", "EUR", "usd"]))
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(value=ANYTHING, kind=st.sampled_from(sorted(TYPES)), low=st.none() | st.integers(0, 3))
def test_jsonschema_and_the_fast_validator_agree(value: object, kind: str, low: int | None) -> None:
    bounds = {"min_length": low} if "min_length" in TYPES[kind].keywords else {}
    attribute = Attribute(name="a", type=kind, values=("a", "b"), currency="USD" if low else None, **bounds)
    schema = dict(TYPES[kind].schema(attribute))
    if isinstance(value, str) and value.endswith("\n"):
        return  # `$` of Python's expressions also matches before a last line end, that of the fast validator does not
    slow = jsonschema.Draft202012Validator(schema).is_valid(value)
    assert jsonschema_rs.Draft202012Validator(schema, validate_formats=False).is_valid(value) == slow
