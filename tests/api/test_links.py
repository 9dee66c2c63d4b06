"""Links: of documents, of resources, of their relationships; each leads where it says."""

import re

import pytest

from tests.api.library import Visitor


async def test_a_resource_and_its_document_say_where_they_are(ann: Visitor) -> None:
    book = await ann.make("books", title="Emma")
    read = (await ann.get(f"books/{book}")).json()
    assert read["links"] == {"self": f"/api/v1/books/{book}"}
    assert read["data"]["links"] == {"self": f"/api/v1/books/{book}"}
    shown = (await ann.get(f"books/{book}?fields[books]=title&include=shelf")).json()
    assert shown["links"] == {"self": f"/api/v1/books/{book}?fields%5Bbooks%5D=title&include=shelf"}
    listed = (await ann.get("books?sort=title")).json()
    assert listed["links"] == {"self": "/api/v1/books?sort=title"}
    assert listed["data"] == [read["data"]]


async def test_every_relationship_has_its_two_links_and_to_one_its_linkage(ann: Visitor) -> None:
    shelf = await ann.make("shelves", label="a")
    book = await ann.make("books", {"shelf": ("shelves", shelf)}, title="Emma")
    relationships = (await ann.data(f"books/{book}"))["relationships"]
    assert relationships.keys() == {"owner", "shelf", "writer", "origin", "lender", "source", "sequels", "reviews"}
    for name, relationship in relationships.items():
        assert relationship["links"] == {
            "self": f"/api/v1/books/{book}/relationships/{name}",
            "related": f"/api/v1/books/{book}/{name}",
        }
        assert ("data" in relationship) == (name not in ("sequels", "reviews"))
    assert relationships["shelf"]["data"] == {"type": "shelves", "id": shelf}
    assert relationships["writer"]["data"] is None
    assert "source" not in (await ann.data(f"shelves/{shelf}"))["relationships"], "that end has no name"


async def test_every_link_that_is_given_is_answered(ann: Visitor) -> None:
    shelf, writer = await ann.make("shelves", label="a"), await ann.make("writers", name="Jane")
    links = {"shelf": ("shelves", shelf), "writer": ("writers", writer), "lender": ("users", ann.id)}
    first = await ann.make("books", links, title="Emma")
    await ann.make("books", {**links, "origin": ("books", first)}, title="Emma again")
    await ann.make("reviews", {"book": ("books", first)}, text="Good")
    seen, waiting = set[str](), ["/api/v1/books", "/api/v1/shelves", "/api/v1/writers", "/api/v1/reviews"]
    while waiting:
        link = waiting.pop()
        if link in seen:
            continue
        seen.add(link)
        answer = await ann.get(link)
        assert answer.status_code == 200, link
        assert answer.json()["links"]["self"] == link
        waiting += _links(answer.json())
    assert len(seen) > 50


@pytest.mark.parametrize(
    "address",
    [
        'books?page[size]=2&page%5Btotal]=true&filter[title][ne]=a"<b>\\^`{|}&fields[books]=title,pages&sort=-title',
        "books?page[size]=2&page[number]=1&filter[title][contains]=%C3%A9%20+%5B",
        "events?page[size]=2&filter[type]=books",
    ],
)
async def test_links_are_uris_whatever_the_client_left_unencoded(ann: Visitor, address: str) -> None:
    for number in range(5):
        await ann.make("books", title=f"\u00e9  [{number}")
    links, pages = {"next": address}, 0
    while "next" in links:
        answer = await ann.get(links["next"])
        assert answer.status_code == 200, answer.text
        links, pages = answer.json()["links"], pages + 1
        for name, link in links.items():
            assert re.fullmatch(r"/[a-z0-9/]+\?([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*", link), (name, link)
    assert pages == 3


def _links(value: object) -> list[str]:
    """Every link that is somewhere in a document."""
    if isinstance(value, list):
        return [link for each in value for link in _links(each)]
    if not isinstance(value, dict):
        return []
    own = [link for link in value.get("links", {}).values() if isinstance(link, str)]
    return own + [link for name, each in value.items() if name != "links" for link in _links(each)]


async def test_what_is_hidden_has_no_links(ann: Visitor, bob: Visitor) -> None:
    book = await ann.make("books", {"lender": ("users", ann.id)}, title="Emma", open=True, note="mine")
    seen = await bob.get(f"books/{book}")
    assert "lender" not in seen.text
    assert "mine" not in seen.text
    for path in (f"books/{book}/lender", f"books/{book}/relationships/lender"):
        answer = await bob.get(path)
        assert answer.status_code == 404
        assert ann.id not in answer.text
        assert (await ann.get(path)).status_code == 200
