"""What a caller is shown: lists, documents, what they include and lead to, against what the oracle says they may see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from engine.model import STANDARD, Relationship, ResourceType, Reverse
from tests.isolation.asking import BASE, Answer, Ask, Desk
from tests.isolation.world import Caller

Key = tuple[str, str]


def ends(resource: ResourceType) -> dict[str, Relationship | Reverse]:
    """The relationships of a type and their other ends, by name."""
    return {**resource.relationships, **resource.reverses}


def end_of(end: Relationship | Reverse) -> str:
    """The type that a relationship leads to."""
    return end.type if isinstance(end, Reverse) else end.to


def filterable(resource: ResourceType) -> dict[str, str]:
    """What lists may be filtered and sorted by, with its type: what is shown to everybody who sees the row."""
    open_ones = (each for each in resource.attributes.values() if each.read is None and not each.concealed)
    found = {**STANDARD, **{each.name: each.type for each in open_ones if each.type != "json"}}
    found |= {each.name: "string" for each in resource.relationships.values() if each.read is None}
    return found | ({resource.lifecycle.attribute: "enum"} if resource.lifecycle else {})


class Reading:
    """Asks one type as one caller."""

    def __init__(self, desk: Desk, caller: Caller, resource: ResourceType) -> None:
        self.desk, self.caller, self.resource, self.name = desk, caller, resource, resource.name
        self.path = f"{BASE}/{resource.name}"
        self.visible = desk.oracle.visible(caller, resource.name)

    async def everything(self) -> None:
        """All of it; of rows that are seen, some at their own addresses."""
        if not self.caller.within(self.name, "read"):
            await self.nothing()
            return
        await self.lists()
        await self.filters()
        await self.includes()
        for row_id in self._some(self.visible, self.desk.made.depth.rows):
            await self.row(row_id)

    async def get(self, path: str, status: int = 200) -> Answer:
        """The answer to a GET, which has this status."""
        answer = await self.desk.ask(self.caller, Ask("GET", path))
        assert answer.status == status, f"{self.caller.name}: GET {path}: {status} expected\n{answer.text}"
        return answer

    # Not for this token

    async def nothing(self) -> None:
        """A token that is not for the type gets nothing of it, whatever is asked."""
        row_id = next(iter(self.desk.oracle.rows[self.name]), f"{self.resource.id_prefix}{'0' * 26}")
        paths = ["", "?page[total]=true", f"/{row_id}", f"/{row_id}/actions", "?filter[id]=x"]
        paths += [f"/{row_id}/{name}" for name in (*ends(self.resource), *self.resource.reads)]
        paths += [f"/{row_id}/relationships/{name}" for name in ends(self.resource)]
        for path in paths:
            answer = await self.get(self.path + path, 403)
            assert answer.codes == ["insufficient_scope"], answer.text

    # Lists

    async def lists(self) -> None:
        """The list, page by page too, and its number; sorted by everything."""
        whole = (await self.get(f"{self.path}?page[size]=1000&page[total]=true")).document
        assert [each["id"] for each in whole["data"]] == list(dict.fromkeys(each["id"] for each in whole["data"]))
        self._are(whole["data"], self.visible)
        assert whole["meta"] == {"total": len(self.visible)}
        for each in whole["data"]:
            self.shows(each)
        paged, path = [], f"{self.path}?page[size]=2"
        while path:
            page = (await self.get(path)).document
            paged += page["data"]
            path = page["links"].get("next")
        assert [each["id"] for each in paged] == [each["id"] for each in whole["data"]]
        await self._sorts()

    async def _sorts(self) -> None:
        open_ones = filterable(self.resource)
        for name in (*open_ones, *self._closed()):
            for sign in ("", "-"):
                answer = await self.get(f"{self.path}?sort={sign}{name}&page[size]=1000", 200 if name in open_ones else 400)
                if name in open_ones:
                    self._are(answer.document["data"], self.visible)

    def _closed(self) -> list[str]:
        fields = (*self.resource.attributes, *self.resource.relationships)
        return [name for name in fields if name not in filterable(self.resource)]

    async def places(self, other: Caller) -> None:
        """Cursors of somebody else say where a page begins, nothing more."""
        for order in ("", *(f"&sort={name}" for name in list(filterable(self.resource))[:4])):
            page = (await self.desk.ask(other, Ask("GET", f"{self.path}?page[size]=1{order}"))).document
            if "next" in page.get("links", {}):
                for path in (page["links"]["next"], page["links"]["next"].replace("after", "before")):
                    answer = await self.desk.ask(self.caller, Ask("GET", path), may=self.desk.oracle.known(other))
                    assert {each["id"] for each in answer.document["data"]} <= set(self.visible), answer.text

    # Filters

    async def filters(self) -> None:
        """By every value that any row has, whoever may see it: only what is seen is found, here and through relationships."""
        for name in self._closed():
            await self.get(f"{self.path}?filter[{name}]=x", 400)
        for name, kind in filterable(self.resource).items():
            for value in self._values(self.name, name):
                found = [each for each in self.visible if self._plain(self.name, each, name) == value]
                await self._finds(f"filter[{name}]={_text(value)}", found)
                if kind in ("string", "text", "slug", "email"):
                    within = [each for each in self.visible if str(value) in str(self._plain(self.name, each, name) or "")]
                    await self._finds(f"filter[{name}][contains]={_text(value)}", within)
            empty = [each for each in self.visible if self._plain(self.name, each, name) is None]
            await self._finds(f"filter[{name}][null]=true", empty)
        for by, relationship in self.resource.relationships.items():
            await self._through(by, relationship)

    async def _through(self, by: str, relationship: Relationship) -> None:
        rows, target = self.desk.oracle.rows[self.name], self.desk.made.definitions.types[relationship.to]
        open_ones = filterable(target) if relationship.read is None else {}
        closed = [name for name in target.attributes if name not in open_ones]
        for name in closed[:4]:
            await self.get(f"{self.path}?filter[{by}.{name}]=x", 400)
        for name in open_ones:
            for value in self._values(target.name, name):
                answer = f"filter[{by}.{name}]={_text(value)}"
                if not self.caller.within(target.name, "read"):
                    await self.get(f"{self.path}?{answer}", 403)
                    continue
                seen = self.desk.oracle.visible(self.caller, target.name)
                same = {each for each in seen if self._plain(target.name, each, name) == value}
                await self._finds(answer, [each for each in self.visible if rows[each][by] in same])

    async def _finds(self, query: str, expected: list[str]) -> None:
        document = (await self.get(f"{self.path}?{query}&page[size]=1000&page[total]=true")).document
        self._are(document["data"], expected, query)
        assert document["meta"]["total"] == len(expected), query

    def _values(self, name: str, attribute: str) -> list[Any]:
        """Some of the values that any row has, gone ones too."""
        all_of_them = (self._plain(name, each, attribute) for each in self.desk.oracle.rows[name])
        return self._some(
            sorted({each for each in all_of_them if each not in (None, "")}, key=str), self.desk.made.depth.values
        )

    def _plain(self, name: str, row_id: str, attribute: str) -> Any:
        value = self.desk.oracle.rows[name][row_id][attribute]
        return value["amount"] if isinstance(value, dict) else value

    # Includes

    async def includes(self) -> None:
        """Along every path of one step and of two, of the list: nothing but what is seen, and all of that."""
        for path in self._paths():
            url = f"{self.path}?include={'.'.join(name for name, _ in path)}&page[size]=1000"
            if not all(self.caller.within(end_of(end), "read") for _, end in path):
                await self.get(url, 403)
                continue
            primary = {(self.name, row_id) for row_id in self.visible}
            expected, at = set(), primary
            for _, end in path:
                at = {key for name, row_id in at for key in self.desk.oracle.behind(self.caller, name, row_id, end)}
                expected |= at
            document = (await self.get(url)).document
            included = [(each["type"], each["id"]) for each in document["included"]]
            assert len(included) == len(set(included))
            assert set(included) == expected - primary, f"{self.caller.name}: {url}"
            for each in document["included"]:
                self.shows(each)

    def _paths(self) -> Iterator[list[tuple[str, Relationship | Reverse]]]:
        for name, end in ends(self.resource).items():
            yield [(name, end)]
            further = ends(self.desk.made.definitions.types[end_of(end)])
            for next_name, next_end in self._some(list(further.items()), self.desk.made.depth.steps):
                yield [(name, end), (next_name, next_end)]

    # One row

    async def row(self, row_id: str) -> None:
        """Everything at the address of a row that is seen."""
        path = f"{self.path}/{row_id}"
        self.shows((await self.get(path)).document["data"])
        for each in (await self.get(f"{path}/actions")).document["data"]:
            assert each["id"].startswith(f"{row_id}/")
        for name in self.resource.reads:
            await self.desk.ask(self.caller, Ask("GET", f"{path}/{name}"))
        for name, end in ends(self.resource).items():
            await self._end(row_id, name, end)

    async def _end(self, row_id: str, name: str, end: Relationship | Reverse) -> None:
        related, linkage = f"{self.path}/{row_id}/{name}", f"{self.path}/{row_id}/relationships/{name}"
        if name in self.desk.oracle.hides(self.caller, self.name, row_id):
            await self.get(related, 404)
            await self.get(linkage, 404)
            return
        if isinstance(end, Reverse):
            status = 200 if self.caller.within(end.type, "read") else 403
            for url in (related, linkage):
                answer = await self.get(f"{url}?page[size]=1000&page[total]=true", status)
                if status == 200:
                    expected = [each for _, each in self.desk.oracle.behind(self.caller, self.name, row_id, end)]
                    self._are(answer.document["data"], expected, url)
                    assert answer.document["meta"]["total"] == len(expected)
            return
        await self._one(related, linkage, end, self.desk.oracle.rows[self.name][row_id][name])

    async def _one(self, related: str, linkage: str, end: Relationship, linked: str | None) -> None:
        data = (await self.get(linkage)).document["data"]
        assert data == (None if linked is None else {"type": end.to, "id": linked})
        if linked is None:
            assert (await self.get(related)).document["data"] is None
        elif not self.caller.within(end.to, "read"):
            await self.get(related, 403)
        elif self.desk.oracle.sees(self.caller, end.to, linked):
            self.shows((await self.get(related)).document["data"])
        else:
            await self.get(related, 404)

    # What is compared

    def shows(self, document: Any) -> None:
        """A document has what its reader may see of its row, all of it and nothing else."""
        name, row_id = document["type"], document["id"]
        assert self.desk.oracle.sees(self.caller, name, row_id), f"{self.caller.name} sees {name}/{row_id}"
        assert set(document["attributes"]) == self.desk.oracle.attributes(self.caller, name, row_id), document
        assert set(document.get("relationships", {})) == self.desk.oracle.links(self.caller, name, row_id), document

    def _are(self, data: Any, expected: Iterable[str], where: str = "") -> None:
        ids = {each["id"] for each in data}
        assert ids == set(expected), f"{self.caller.name}: {self.name} {where}: {ids ^ set(expected)}"

    def _some(self, of: list[Any], most: int) -> list[Any]:
        return of if len(of) <= most else self.desk.made.values.chance.sample(of, most)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return quote(str(value), safe="")
