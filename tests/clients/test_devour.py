"""What a program in JavaScript gets to see of the API through the client library `devour-client`; devour.mjs asks.

The library keeps the errors of an answer under the last step of their pointers, and those without one under their number.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients.javascript import codes
from tests.clients.javascript import seen as seen_by
from tests.description.served import Served

ANN = "ann@example.org"


@pytest.fixture(scope="module")
def seen(house: Served) -> dict[str, Any]:
    return seen_by("devour.mjs", house)


def test_a_list_is_filtered_sorted_and_followed_to_its_end(seen: dict[str, Any]) -> None:
    assert seen["list"] == {"meta": {"total": 2}, "subjects": [["Bee"], ["Ant"]], "last": True}


def test_what_is_included_becomes_objects_at_any_depth(seen: dict[str, Any]) -> None:
    assert seen["included"] == {"owners": [["A shelf", ANN, ANN]] * 2, "tickets": [["Ant", ANN], ["Bee", ANN]]}


def test_what_is_written_comes_back(seen: dict[str, Any]) -> None:
    assert seen["written"] == {
        "made": ["It squeaks", "open", True, 5, 1], "changed": ["It creaks", "it-creaks", True, 2], "off": None,
    }  # fmt: skip


def test_related_resources_and_linkage_have_addresses(seen: dict[str, Any]) -> None:
    assert seen["related"] == {"subjects": ["Ant"], "linkage": True}


def test_a_transition_is_posted_with_its_inputs_and_refused_the_second_time(seen: dict[str, Any]) -> None:
    assert seen["moved"]["stage"] == "solved"
    assert codes([*seen["moved"]["again"].values()]) == [("wrong_state", None)]


def test_what_is_deleted_is_gone(seen: dict[str, Any]) -> None:
    found = seen["deleted"]
    assert codes([*found["held"].values()]) == [("in_use", None)]
    assert [codes([*each.values()]) for each in found["gone"]] == [[("not_found", None)]] * 2


def test_what_is_refused_says_why_and_where(seen: dict[str, Any]) -> None:
    found = seen["refused"]
    assert {name: (each["status"], each["code"]) for name, each in found["invalid"].items()} == {
        "subject": ("422", "wrong_format"), "serial": ("422", "too_small"),
    }  # fmt: skip
    assert codes([*found["nobody"].values()]) == [("unauthenticated", None)]
    assert codes([*found["stranger"].values()]) == [("not_found", None)]
