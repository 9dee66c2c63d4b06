"""Every route of a type, from its definition: what can be asked of one row, and what names a row in a body."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from engine.api.description.samples import NOTHING, sample
from engine.model import Attribute, ResourceType
from tests.isolation.asking import ATOMIC, BASE, Ask
from tests.isolation.world import World

EXTENSION = {"content-type": ATOMIC}


def document(name: str, row_id: str | None = None, attributes: Mapping[str, Any] | None = None, **links: Any) -> Any:
    """A body for one resource; `links` are pairs of type and id, or None."""
    data: dict[str, Any] = {"type": name, "attributes": dict(attributes or {})}
    if row_id is not None:
        data["id"] = row_id
    if links:
        data["relationships"] = {by: {"data": None if end is None else _end(*end)} for by, end in links.items()}
    return {"data": data}


def operations(*each: Any) -> Any:
    """A body for several operations."""
    return {"atomic:operations": list(each)}


def _end(name: str, row_id: str) -> dict[str, str]:
    return {"type": name, "id": row_id}


def inputs(given: Mapping[str, Attribute]) -> dict[str, Any]:
    """Values for the inputs of a transition."""
    made = {each.name: sample(each) for each in given.values()}
    return {name: value for name, value in made.items() if value is not NOTHING}


def settable(resource: ResourceType) -> list[Attribute]:
    """The attributes that a client may set."""
    attributes = resource.attributes.values()
    return [each for each in attributes if each.set_by == "user" and each.computed is None and each.type != "token"]


def reads(resource: ResourceType, row_id: str) -> Iterator[Ask]:
    """Everything that can be read at the address of a row and below it."""
    path = f"{BASE}/{resource.name}/{row_id}"
    ends = [*resource.relationships, *resource.reverses]
    paths = [path, f"{path}?fields[{resource.name}]=", f"{path}/actions", f"{path}/nothing"]
    paths += [f"{path}?include={name}" for name in ends] + [f"{path}/{name}" for name in ends]
    paths += [f"{path}/relationships/{name}" for name in (*ends, "nothing")]
    paths += [f"{path}/{name}?page[size]=1&page[total]=true" for name in resource.reverses]
    paths += [f"{path}/{name}" for name in resource.reads]
    for each in paths:
        yield from (Ask("GET", each), Ask("HEAD", each), Ask("OPTIONS", each))
    yield Ask("GET", f"{path}?include=nothing")
    yield from (Ask("GET", f"{path}/{name}?nothing=1") for name in resource.reads)


def writes(resource: ResourceType, row_id: str) -> Iterator[Ask]:
    """Everything that can be written at the address of a row, rightly and wrongly."""
    name, path = resource.name, f"{BASE}/{resource.name}/{row_id}"
    yield from _patches(resource, row_id, path)
    for query in ("", "?dry_run=true"):
        yield Ask("DELETE", path + query)
    yield Ask("DELETE", path, headers={"if-match": '"1"', "idempotency-key": "delete-1"})
    yield Ask("DELETE", path, {"data": {"attributes": {"nothing": 1}}})
    for transition in resource.lifecycle.transitions.values() if resource.lifecycle else ():
        body = {"data": {"attributes": inputs(transition.inputs)}}
        yield Ask("POST", f"{path}/{transition.name}", body)
        yield Ask("POST", f"{path}/{transition.name}?dry_run=true", body)
        yield Ask("POST", f"{path}/{transition.name}", {"data": {"attributes": {"nothing": 1}}}, {"prefer": "wait=1"})
        yield Ask("POST", f"{path}/{transition.name}", body, {"idempotency-key": f"{name}-{transition.name}"})
    for by, relationship in resource.relationships.items():
        for data in (None, {"type": relationship.to, "id": row_id}, {"type": "nothing", "id": row_id}):
            yield Ask("PATCH", f"{path}/relationships/{by}", {"data": data})
    for by in resource.reverses:
        yield from (Ask(method, f"{path}/relationships/{by}", {"data": []}) for method in ("PATCH", "POST", "DELETE"))
    yield Ask("PUT", path, {})


def _patches(resource: ResourceType, row_id: str, path: str) -> Iterator[Ask]:
    name = resource.name
    yield Ask("PATCH", path, document(name, row_id))
    yield Ask("PATCH", f"{path}?dry_run=true", document(name, row_id))
    yield Ask("PATCH", path, document(name, row_id), {"if-match": '"7"'})
    yield Ask("PATCH", path, document(name, row_id), {"if-match": "7"})
    yield Ask("PATCH", path, document(name, row_id), {"idempotency-key": "patch-1", "prefer": "wait=1"})
    yield Ask("PATCH", path, document(name, row_id, {"nothing": 1, "created_at": 1}, nothing=("nothing", row_id)))
    yield Ask("PATCH", path, b"{")
    yield Ask("PATCH", path, {"data": {"type": "nothing", "id": row_id}})
    yield Ask("PATCH", f"{path}?nothing=1", document(name, row_id))
    for attribute in resource.attributes.values():
        for value in (sample(attribute), {"wrong": [1]}, None):
            if value is not NOTHING:
                yield Ask("PATCH", path, document(name, row_id, {attribute.name: value}))
    for by, relationship in resource.relationships.items():
        yield Ask("PATCH", path, document(name, row_id, {}, **{by: (relationship.to, row_id)}))


def atomic(resource: ResourceType, row_id: str) -> Iterator[Ask]:
    """Everything that an operation can say about a row."""
    name, path = resource.name, f"{BASE}/{resource.name}/{row_id}"
    ref = _end(name, row_id)
    each: list[Any] = [
        {"op": "update", "data": document(name, row_id)["data"]},
        {"op": "update", "ref": ref, "data": document(name, row_id, {"nothing": 1})["data"]},
        {"op": "update", "href": path, "data": document(name, row_id)["data"]},
        {"op": "remove", "ref": ref},
        {"op": "remove", "href": path},
        {"op": "update", "href": f"{path}/nothing"},
    ]
    for by, relationship in resource.relationships.items():
        each.append({"op": "update", "ref": {**ref, "relationship": by}, "data": None})
        each.append({"op": "update", "href": f"{path}/relationships/{by}", "data": _end(relationship.to, row_id)})
    for transition in resource.lifecycle.transitions.values() if resource.lifecycle else ():
        data = {"attributes": inputs(transition.inputs)}
        each.append({"op": "update", "href": f"{path}/{transition.name}", "data": data})
    for operation in each:
        yield Ask("POST", f"{BASE}/operations", operations(operation), EXTENSION)
    yield Ask("POST", f"{BASE}/operations?dry_run=true", operations(*each[:2]), EXTENSION)


def references(made: World, target: ResourceType, row_id: str, there: Callable[[str], str | None]) -> Iterator[Ask]:
    """Every way of pointing at a row from a new one; `there` has a row of a type for what else it must point at."""
    for other in made.definitions.types.values():
        for relationship in other.relationships.values():
            if relationship.to == target.name and relationship.set_by == "user" and relationship.name != other.owner:
                links = needed(other, there) | {relationship.name: (target.name, row_id)}
                body = document(other.name, None, new(made, other), **links)
                path = f"{BASE}/{other.name}"
                yield from (Ask("POST", f"{path}?dry_run=true", body), Ask("POST", path, body))
                yield Ask("POST", f"{BASE}/operations", operations({"op": "add", "data": body["data"]}), EXTENSION)


def needed(resource: ResourceType, there: Callable[[str], str | None]) -> dict[str, tuple[str, str]]:
    """What a new row must point at."""
    ends = (each for each in resource.relationships.values() if each.required and each.name != resource.owner)
    return {each.name: (each.to, row_id) for each in ends if (row_id := there(each.to)) is not None}


def new(made: World, resource: ResourceType) -> dict[str, Any]:
    """Values for a new row, as a client may give them."""
    values = {each.name: made.values.value(each) for each in settable(resource)}
    return {name: value for name, value in values.items() if value is not None}
