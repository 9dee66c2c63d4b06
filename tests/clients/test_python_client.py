"""What a program in Python does with the API through a client library that knows nothing of us: `jsonapi-client`.

Nothing here looks into documents by itself but where the library hands them over as they are: those of errors.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from jsonapi_client import Filter, Inclusion, Modifier, Session
from jsonapi_client.exceptions import DocumentError
from jsonapi_client.resourceobject import ResourceObject

from tests.description.served import Served

TEXT, NUMBER = {"type": ["string", "null"]}, {"type": ["integer", "null"]}
SCHEMA = {
    "shelves": {
        "properties": {
            "title": TEXT, "room": TEXT,
            "owner": {"relation": "to-one", "resource": ["users"]},
            "tickets": {"relation": "to-many", "resource": ["tickets"]},
        }
    },
    "tickets": {
        "properties": {
            "subject": TEXT, "body": TEXT, "serial": NUMBER, "stage": TEXT, "how": TEXT,
            "price": {"type": "object", "properties": {"amount": NUMBER, "currency": TEXT}},
            "shelf": {"relation": "to-one", "resource": ["shelves"]},
            "customer": {"relation": "to-one", "resource": ["users"]},
        }
    },
    "deployments": {
        "properties": {"name": TEXT, "status": TEXT, "template": {"relation": "to-one", "resource": ["templates"]}}
    },
}  # fmt: skip
"""What the library wants to know of a type before it makes resources of it."""


def client(house: Served, who: str | None = "ann", **options: Any) -> Session:
    """A session of the library; `who` is a user, a token, or nobody."""
    token = house.tokens.get(who, who) if who else None
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return Session(house.url, schema=SCHEMA, request_kwargs={"headers": headers}, **options)


@pytest.fixture
def ann(house: Served) -> Iterator[Session]:
    session = client(house)
    yield session
    session.close()


def shelf_with(session: Session, *subjects: str) -> ResourceObject:
    """A new shelf, with tickets on it."""
    shelf = session.create_and_commit("shelves", {"title": "A shelf"})
    for subject in subjects:
        session.create_and_commit("tickets", {"subject": subject, "shelf": shelf.id})
    return shelf


def problems(caught: pytest.ExceptionInfo[DocumentError]) -> list[dict[str, Any]]:
    """The error objects of what the library raised; each has the status of the answer."""
    found: list[dict[str, Any]] = caught.value.response.json()["errors"]
    assert {each["status"] for each in found} == {str(caught.value.errors["status_code"])}
    return found


# Reading


def test_a_list_is_filtered_sorted_and_cut_into_pages(ann: Session) -> None:
    shelf = shelf_with(ann, "Ant", "Bee", "Cow", "Dog")
    page = Filter(shelf=shelf.id) + Modifier("filter[subject][ne]=Cow&sort=-subject&page[size]=2&page[total]=true")
    document = ann.get("tickets", page)
    assert [each.subject for each in document.resources] == ["Dog", "Bee"]
    assert document.meta.total == 3
    assert document.resources[0].price.amount == 0
    assert document.resources[0].meta.version == 1


@pytest.mark.parametrize("numbered", ["", "&page[number]=1"])
def test_links_lead_from_page_to_page_to_the_end_and_back(ann: Session, numbered: str) -> None:
    subjects = [f"Number {number}" for number in range(7)]
    chosen = Filter(shelf=shelf_with(ann, *subjects).id)
    asked = chosen + Modifier(f"sort=subject&page[size]=3{numbered}")
    assert [each.subject for each in ann.iterate("tickets", asked)] == subjects
    first = ann.get("tickets", asked)
    last = first.links.next.fetch().links.next.fetch()
    assert ([each.subject for each in last.resources], bool(last.links.next)) == (["Number 6"], False)
    middle = last.links.prev.fetch()
    assert [each.subject for each in middle.resources] == subjects[3:6]
    assert [each.subject for each in middle.links.first.fetch().resources] == subjects[:3]
    assert (bool(first.links.prev), unquote(first.links.self.url)) == (False, first.url)


def test_what_is_included_is_found_along_relationships_without_another_request(house: Served, ann: Session) -> None:
    shelf = shelf_with(ann, "Ant", "Bee")
    session = client(house)
    document = session.get("tickets", Filter(shelf=shelf.id) + Inclusion("shelf.owner", "customer"))
    ticket = document.resources[0]
    assert {each.type for each in document.included} == {"shelves", "users"}
    assert (ticket.shelf.id, ticket.shelf.title) == (shelf.id, "A shelf")
    assert ticket.shelf.owner.email == ticket.customer.email == "ann@example.org"
    assert list(session.documents_by_link.values()) == [document], "it asked once"


def test_a_relationship_to_many_is_included_with_its_linkage(house: Served, ann: Session) -> None:
    shelf = shelf_with(ann, "Ant", "Bee")
    session = client(house)
    document = session.get("shelves", Filter(id=shelf.id) + Inclusion("tickets.customer"))
    assert sorted(each.subject for each in document.resource.tickets) == ["Ant", "Bee"]
    assert {each.customer.email for each in document.resource.tickets} == {"ann@example.org"}
    assert len(session.documents_by_link) == 1


def test_links_of_relationships_lead_to_the_other_end_and_to_the_linkage(house: Served, ann: Session) -> None:
    shelf = shelf_with(ann, "Ant", "Bee")
    found = ann.get("shelves", shelf.id).resource
    assert sorted(each.subject for each in found.tickets) == ["Ant", "Bee"]
    ticket = found.tickets[0]
    assert ticket.relationships.shelf.links.related.fetch().resource.title == "A shelf"
    linkage = client(house).fetch_document_by_url(ticket.relationships.shelf.links.self.url)
    assert (linkage.resource.type, linkage.resource.id) == ("shelves", shelf.id)
    many = client(house).fetch_document_by_url(found.relationships.tickets.links.self.url)
    assert sorted(each.id for each in many.resources) == sorted(each.id for each in found.tickets)


# Writing


def test_what_is_created_is_what_is_read_afterwards(house: Served, ann: Session) -> None:
    shelf = ann.create_and_commit("shelves", {"title": "Of oak"})
    made = ann.create("tickets", {"subject": "It squeaks", "price.amount": 250, "price.currency": "EUR", "shelf": shelf.id})
    made.commit()
    assert (made.is_dirty, made.stage, made.meta.version) == (False, "open", 1)
    read = client(house).get("tickets", made.id).resource
    assert (read.subject, read.price.amount, read.shelf.title, read.url) == ("It squeaks", 250, "Of oak", made.url)


def test_a_change_sends_what_changed_and_comes_back_whole(house: Served, ann: Session) -> None:
    shelf_with(ann, "Ant")
    ticket = ann.get("tickets", Modifier("sort=-created_at&page[size]=1")).resource
    ticket.subject, ticket.body = "Aunt", "She is here"
    assert ticket.dirty_fields == {"subject", "body"}
    ticket.commit()
    assert (ticket.is_dirty, ticket["slug"], ticket.meta.version) == (False, "aunt", 2)
    read = client(house).get("tickets", ticket.id).resource
    assert (read.subject, read.body, read.meta.version) == ("Aunt", "She is here", 2)


def test_a_relationship_is_moved_to_another_end_and_to_none(house: Served, ann: Session) -> None:
    shelf, other = shelf_with(ann, "Ant"), shelf_with(ann)
    ticket = ann.get("tickets", Filter(shelf=shelf.id)).resource
    ticket.shelf = other
    assert ticket.dirty_fields == {"shelf"}
    ticket.commit()
    assert client(house).get("tickets", ticket.id).resource.shelf.id == other.id
    ticket.relationships.shelf.set(None)
    ticket.commit()
    assert client(house).get("tickets", ticket.id).resource.shelf is None
    assert client(house).get("tickets", Filter(shelf=shelf.id)).resources == []


async def test_what_is_deleted_is_gone(house: Served, ann: Session) -> None:
    """In the library's asynchronous mode: its other one cannot read an answer without a body, which 204 is."""
    shelf = shelf_with(ann, "Ant")
    async with client(house, enable_async=True) as session:
        held = (await session.get("shelves", shelf.id)).resource
        held.delete()
        with pytest.raises(DocumentError) as caught:
            await held.commit()
        assert caught.value.errors == {"status_code": 409}
        (ticket,) = (await session.get("tickets", Filter(shelf=shelf.id))).resources
        for each in (ticket, held):
            each.delete()
            await each.commit()
        assert session.resources_by_resource_identifier == {}
    for type_name, row in (("tickets", ticket.id), ("shelves", shelf.id)):
        with pytest.raises(DocumentError) as gone:
            client(house).get(type_name, row)
        assert [each["code"] for each in problems(gone)] == ["not_found"]


def test_a_transition_is_posted_with_its_inputs(ann: Session) -> None:
    shelf = shelf_with(ann, "Squeaky")
    ticket = ann.get("tickets", Filter(shelf=shelf.id)).resource
    moved = ann.create("tickets", {"how": "with oil"})
    moved.commit(custom_url=f"{ticket.url}/solve")
    assert (moved.id, moved.stage, moved.meta.version) == (ticket.id, "solved", 2)
    ticket.refresh()
    assert ticket.stage == "solved"
    with pytest.raises(DocumentError) as caught:
        ann.create("tickets", {"how": "again"}).commit(custom_url=f"{ticket.url}/solve")
    (problem,) = problems(caught)
    assert (problem["code"], problem["meta"]["state"], problem["meta"]["possible"]) == ("wrong_state", "solved", ["open"])


def test_work_that_goes_on_is_accepted_and_what_a_plan_has_no_room_for_is_not(ann: Session) -> None:
    template = ann.get("templates", Modifier("filter[status]=published&page[size]=1")).resource
    made = ann.create_and_commit("deployments", {"name": "first", "template": template.id})
    accepted = ann.create("deployments").commit(custom_url=f"{made.url}/start")
    assert (accepted.id, accepted.status, accepted.meta.version) == (made.id, "scheduled", 2), "202 has the resource too"
    with pytest.raises(DocumentError) as caught:
        ann.create_and_commit("deployments", {"name": "second", "template": template.id})
    (problem,) = problems(caught)
    assert (problem["status"], problem["code"], problem["meta"]["used"]) == ("403", "limit_reached", 1)


# Errors


def test_what_is_wrong_is_pointed_at(ann: Session) -> None:
    with pytest.raises(DocumentError) as caught:
        ann.create_and_commit("tickets", {"subject": "no capital", "serial": 0})
    found = problems(caught)
    assert {(each["status"], each["source"]["pointer"]) for each in found} == {
        ("422", "/data/attributes/subject"), ("422", "/data/attributes/serial"),
    }  # fmt: skip
    with pytest.raises(DocumentError) as parsed:
        ann.read(caught.value.response.json())
    assert parsed.value.errors == found, "the library reads the document of errors as one"
    with pytest.raises(DocumentError) as caught:
        ann.create_and_commit("tickets", {"subject": "Fine", "shelf": "shelve_none"})
    (problem,) = problems(caught)
    assert (problem["code"], problem["source"]["pointer"]) == ("reference_not_found", "/data/relationships/shelf")


def test_what_is_taken_is_a_conflict(ann: Session) -> None:
    ann.create_and_commit("tickets", {"subject": "First", "serial": 4711})
    with pytest.raises(DocumentError) as caught:
        ann.create_and_commit("tickets", {"subject": "Second", "serial": 4711})
    (problem,) = problems(caught)
    assert (problem["status"], problem["code"], problem["source"]) == ("409", "taken", {"pointer": "/data/attributes/serial"})


def test_what_is_not_there_and_what_is_a_strangers_are_answered_the_same(house: Served, ann: Session) -> None:
    shelf = shelf_with(ann, "Ant")
    ticket = ann.get("tickets", Filter(shelf=shelf.id)).resource
    found = []
    for row in (ticket.id, "tick_00000000000000000000000000"):
        with pytest.raises(DocumentError) as caught:
            client(house, "bob").get("tickets", row)
        (problem,) = problems(caught)
        found.append((problem["status"], problem["code"], problem["detail"].replace(row, "")))
    assert found[0] == found[1]
    assert found[0][:2] == ("404", "not_found")


@pytest.mark.parametrize(("who", "code"), [(None, "unauthenticated"), ("hoster_" + "0" * 64, "invalid_token")])
def test_nobody_and_a_wrong_token_write_nothing(house: Served, who: str | None, code: str) -> None:
    with pytest.raises(DocumentError) as caught:
        client(house, who).create_and_commit("shelves", {"title": "Mine"})
    (problem,) = problems(caught)
    assert (problem["status"], problem["code"]) == ("401", code)
    assert caught.value.response.headers["www-authenticate"].startswith("Bearer")


def test_a_parameter_that_does_not_exist_is_named(ann: Session) -> None:
    with pytest.raises(DocumentError) as caught:
        ann.get("tickets", Inclusion("shelf.colour"))
    (problem,) = problems(caught)
    assert (problem["status"], problem["source"]) == ("400", {"parameter": "include"})
