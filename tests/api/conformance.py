"""What JSON:API 1.1 says that every document MUST be, as assertions."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

TOP = {"data", "errors", "meta", "jsonapi", "links", "included", "atomic:results"}
RESOURCE = {"type", "id", "lid", "attributes", "relationships", "links", "meta"}
ERROR = {"id", "links", "status", "code", "title", "detail", "source", "meta"}
PAGES = {"first", "last", "prev", "next"}
MEMBER = re.compile(r"[a-zA-Z0-9\u0080-\U0010ffff](?:[-_ a-zA-Z0-9\u0080-\U0010ffff]*[a-zA-Z0-9\u0080-\U0010ffff])?")
POINTER = re.compile(r"(?:/(?:[^~/]|~0|~1)*)*")

Key = tuple[str, str]


def conforms(document: Any, status: int = 200, trimmed: Collection[str] = ()) -> None:
    """Assert that `document` is one; `trimmed` are types whose relationships a sparse fieldset may have taken out."""
    assert isinstance(document, dict)
    assert document.keys() <= TOP, document.keys() - TOP
    assert document.keys() & {"data", "errors", "meta", "atomic:results"}, "a document holds data, errors or meta"
    assert not ("data" in document and "errors" in document)
    assert "included" not in document or "data" in document
    assert ("errors" in document) == (status >= 400)
    for each in document.get("errors", ()):
        _error(each, status)
    for each in document.get("atomic:results", ()):
        assert each.keys() <= {"data", "meta"}
        if "data" in each:
            _primary(each["data"])
    _primary(document.get("data"))
    _links(document.get("links", {}), PAGES | {"self", "related", "describedby"})
    if not isinstance(document.get("data"), list):
        assert not document.get("links", {}).keys() & PAGES, "only collections have pages"
    _compound(document, trimmed)


def identities(document: Mapping[str, Any]) -> list[Key]:
    """Type and id of every resource of a document, primary ones first."""
    return [(each["type"], each["id"]) for each in (*_list(document.get("data")), *document.get("included", ()))]


def _primary(data: Any) -> None:
    for each in _list(data):
        _resource(each)


def _resource(each: Any) -> None:
    assert isinstance(each, dict)
    assert isinstance(each.get("type"), str), each
    assert isinstance(each.get("id"), str), each
    assert each.keys() <= RESOURCE, each.keys() - RESOURCE
    attributes, relationships = each.get("attributes", {}), each.get("relationships", {})
    for name in (each["type"], *attributes, *relationships):
        assert MEMBER.fullmatch(name), name
    assert not attributes.keys() & {"type", "id"}
    assert not relationships.keys() & ({"type", "id"} | attributes.keys())
    _links(each.get("links", {}), {"self", "describedby", "perform"})
    for name, relationship in relationships.items():
        assert relationship.keys() & {"links", "data", "meta"}, name
        assert relationship.keys() <= {"links", "data", "meta"}, name
        if "links" in relationship:
            assert relationship["links"].keys() & {"self", "related"}, name
            _links(relationship["links"], {"self", "related"} | PAGES)
        for linked in _list(relationship.get("data")):
            assert linked.keys() - {"meta"} == {"type", "id"}, linked


def _links(links: Any, known: Collection[str]) -> None:
    assert isinstance(links, dict)
    assert links.keys() <= set(known), links.keys()
    for link in links.values():
        assert link is None or isinstance(link, str) or isinstance(link["href"], str)


def _error(error: Any, status: int) -> None:
    assert error
    assert error.keys() <= ERROR, error.keys() - ERROR
    for name in ("status", "code", "title", "detail"):
        assert isinstance(error[name], str), error
        assert error[name], error
    assert error["status"][0] == str(status)[0]
    source = error.get("source", {})
    assert source.keys() <= {"pointer", "parameter", "header"}
    assert all(isinstance(each, str) for each in source.values())
    assert POINTER.fullmatch(source.get("pointer", ""))


def _compound(document: Mapping[str, Any], trimmed: Collection[str]) -> None:
    """Every resource once, and each included one reached by linkage from the primary data."""
    included = document.get("included", [])
    for each in included:
        _resource(each)
    keys = identities(document)
    assert len(keys) == len(set(keys)), "a resource is there twice"
    if trimmed:
        return
    by_key = {(each["type"], each["id"]): each for each in included}
    waiting, reached = list(_list(document.get("data"))), set[Key]()
    while waiting:
        for key in _linked(waiting.pop()):
            if key in by_key and key not in reached:
                reached.add(key)
                waiting.append(by_key[key])
    assert reached == by_key.keys(), "something is included that nothing links to"


def _linked(resource: Mapping[str, Any]) -> Iterator[Key]:
    for relationship in resource.get("relationships", {}).values():
        for each in _list(relationship.get("data")):
            yield each["type"], each["id"]


def _list(data: Any) -> list[Any]:
    return data if isinstance(data, list) else [] if data is None else [data]
