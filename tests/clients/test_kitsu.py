"""What a program in JavaScript gets to see of the API through the client library `kitsu`; kitsu.mjs asks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients.javascript import codes
from tests.clients.javascript import seen as seen_by
from tests.description.served import Served

ANN = "ann@example.org"


@pytest.fixture(scope="module")
def seen(house: Served) -> dict[str, Any]:
    return seen_by("kitsu.mjs", house)


def test_a_list_is_filtered_sorted_and_cut_into_pages(seen: dict[str, Any]) -> None:
    assert seen["list"] == {"status": 200, "meta": {"total": 3}, "subjects": ["Dog", "Bee"], "version": 1}


def test_links_lead_from_page_to_page_to_the_end_and_back(seen: dict[str, Any]) -> None:
    pages = [["Number 1", "Number 2"], ["Number 3", "Number 4"], ["Number 5"]]
    assert seen["pages"] == {"forth": pages, "back": [pages[1], pages[0]]}


def test_what_is_included_is_linked_at_any_depth(seen: dict[str, Any]) -> None:
    found = seen["included"]
    assert found["owners"] == [["A shelf", ANN, ANN]] * 2
    assert found["tickets"] == [["Ant", ANN], ["Bee", ANN]]
    assert found["one"] == ["id", "links", "meta", "title", "type"], "fields of the included type are chosen"


def test_what_is_created_is_where_its_location_says(seen: dict[str, Any]) -> None:
    found = seen["created"]
    assert (found["status"], found["same"]) == (201, True)
    assert (found["ticket"]["subject"], found["ticket"]["price"]) == ("It squeaks", {"amount": 250, "currency": "EUR"})
    assert found["ticket"]["shelf"]["data"] == {"type": "shelves", "id": found["shelf"]}


def test_attributes_and_relationships_are_changed(seen: dict[str, Any]) -> None:
    assert seen["changed"] == {
        "statuses": [200, 200, 200], "subject": "Aunt", "slug": "aunt", "moved": True, "none": False, "empty": None,
        "linked": True,
    }  # fmt: skip


def test_links_of_relationships_lead_to_the_other_end_and_to_the_linkage(seen: dict[str, Any]) -> None:
    assert seen["related"] == {"subjects": ["Ant", "Bee"], "title": "A shelf", "linkage": True}


def test_a_transition_is_posted_with_its_inputs_and_refused_the_second_time(seen: dict[str, Any]) -> None:
    found = seen["moved"]
    assert (found["status"], found["stage"], found["again"]["status"]) == (200, "solved", 409)
    (problem,) = found["again"]["errors"]
    assert (problem["code"], problem["meta"]) == ("wrong_state", {"state": "solved", "possible": ["open"]})


def test_work_that_goes_on_is_accepted_and_what_a_plan_has_no_room_for_is_not(seen: dict[str, Any]) -> None:
    found = seen["accepted"]
    assert (found["status"], found["state"], found["full"]["status"]) == (202, "scheduled", 403)
    assert codes(found["full"]["errors"]) == [("limit_reached", None)]


def test_what_is_deleted_is_gone(seen: dict[str, Any]) -> None:
    found = seen["deleted"]
    assert found["statuses"] == [204, 204], "by a transition, and without one"
    assert (found["held"]["status"], codes(found["held"]["errors"])) == (409, [("in_use", None)])
    assert [(each["status"], codes(each["errors"])) for each in found["gone"]] == [(404, [("not_found", None)])] * 2


@pytest.mark.parametrize(
    ("case", "status", "expected"),
    [
        ("invalid", 422, [
            ("unknown_attribute", "/data/attributes/colour"), ("wrong_format", "/data/attributes/subject"),
            ("too_small", "/data/attributes/serial"),
        ]),
        ("taken", 409, [("taken", "/data/attributes/serial")]),
        ("type", 409, [("wrong_type", "/data/type")]),
        ("nobody", 401, [("unauthenticated", None)]),
        ("wrong", 401, [("invalid_token", None)]),
        ("stranger", 404, [("not_found", None)]),
        ("parameter", 400, [("bad_request", None)]),
    ],
)  # fmt: skip
def test_what_is_refused_says_why_and_where(seen: dict[str, Any], case: str, status: int, expected: list[Any]) -> None:
    found = seen["refused"][case]
    assert (found["status"], codes(found["errors"])) == (status, expected)
    assert {each["status"] for each in found["errors"]} == {str(status)}
