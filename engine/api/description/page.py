"""The OpenAPI document as pages for people: one to begin with, one for each tag. HTML, made here, without scripts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from engine.api.description import wording
from engine.api.description.markup import Html, element, html, inline, paragraphs, table
from engine.api.description.operation_section import OperationSections, badge, words

METHODS = ("get", "post", "patch", "put", "delete")


class Pages:
    """Writes the pages of one document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._sections = OperationSections(document)
        self._base: str = document["servers"][0]["url"]
        self._tags = {tag["name"]: tag for tag in document["tags"]}
        self._operations: dict[str, list[tuple[str, str, dict[str, Any]]]] = {name: [] for name in self._tags}
        for path, item in document["paths"].items():
            for method in METHODS:
                if method in item and not item[method].get("x-refused"):
                    operation = {
                        **item[method],
                        "parameters": [*item.get("parameters", ()), *item[method].get("parameters", ())],
                    }
                    self._operations[operation["tags"][0]].append((method, path, operation))

    def page(self, name: str) -> str | None:
        """The page of a tag, or with an empty name the first one; None where there is none."""
        if name == "":
            return self._whole("", f"{self._document['info']['title']} API", self._first())
        return self._whole(name, name, self._tag(name)) if name in self._tags else None

    # The frame

    def _whole(self, current: str, title: str, content: Html) -> str:
        head = element(
            "head",
            Html('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
            Html('<meta name="color-scheme" content="light dark">'),
            element("title", f"{title} · API" if current else title),
            Html(f'<link rel="stylesheet" href="{self._base}/docs/style.css"><link rel="icon" href="data:,">'),
        )
        skip = element("a", "To the content", href="#content", class_="skip")
        body = element("body", skip, self._navigation(current), element("main", content, id="content"))
        return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"

    def _navigation(self, current: str) -> Html:
        info = self._document["info"]
        home = element("a", info["title"], " ", element("span", info["version"]), href=f"{self._base}/docs", class_="home")
        types = [name for name in self._tags if self._is_type(name)]
        others = [name for name in self._tags if name not in types]
        lists = [
            element("p", heading, class_="group") + element("ul", [self._entry(name, current) for name in names])
            for heading, names in (("Resource types", types), ("Besides", others))
            if names
        ]
        wide = element("div", Html("".join(lists)), class_="wide")
        narrow = element("details", element("summary", current or "Contents"), Html("".join(lists)), class_="narrow")
        return element("nav", home, wide, narrow, aria_label="Contents")

    def _entry(self, name: str, current: str) -> Html:
        link = element("a", name, href=f"{self._base}/docs/{name}", aria_current="page" if name == current else None)
        return element("li", link)

    def _is_type(self, name: str) -> bool:
        return f"{name}-resource" in self._document["components"]["schemas"]

    # The first page

    def _first(self) -> Html:
        info = self._document["info"]
        rows = [
            [element("a", name, href=f"{self._base}/docs/{name}"), inline(tag.get("description", ""))]
            for name, tag in self._tags.items()
        ]
        raw = element("p", "As OpenAPI 3.1: ", element("a", f"{self._base}/openapi.json", href=f"{self._base}/openapi.json"))
        try_ = element("pre", element("code", _SETUP.format(base=self._base)))
        return html(
            [
                element("h1", f"{info['title']} API"), paragraphs(info["description"]), raw,
                element("h2", "On the command line"),
                element("p", "The examples of these pages use two variables:"), try_,
                element("h2", "What there is"), table(("name", "what it is"), rows),
            ]
        )  # fmt: skip

    # A tag

    def _tag(self, name: str) -> Html:
        tag, operations = self._tags[name], self._operations[name]
        parts: list[object] = [element("h1", name), paragraphs(tag.get("description", ""))]
        parts.append(table(("operation", "", ""), [_line(*each) for each in operations], class_="operations"))
        if self._is_type(name):
            parts.append(self._fields(name))
        parts += [self._sections.section(*each) for each in operations]
        return html(parts)

    def _fields(self, name: str) -> Html:
        resource = self._document["components"]["schemas"][f"{name}-resource"]
        create = self._document["components"]["schemas"][f"{name}-create"]["properties"]["data"]["properties"]
        sent, shown = create["attributes"], resource["properties"]["attributes"]["properties"]
        every = {**shown, **{key: each for key, each in sent["properties"].items() if key not in shown}}
        rows = [
            [element("code", key), _marks(key, each, sent), wording.kind(sent["properties"].get(key, each)), words(each)]
            for key, each in every.items()
        ]
        parts: list[object] = [element("h2", "Attributes", id="attributes"), table(("name", "", "kind", "what it is"), rows)]
        linked = resource["properties"].get("relationships", {}).get("properties", {})
        if linked:
            to_send = create.get("relationships", {})
            lines = [[element("code", key), _link_marks(key, each, to_send), self._target(each), words(each)]
                     for key, each in linked.items()]  # fmt: skip
            parts += [element("h2", "Relationships", id="relationships"), table(("name", "", "leads to", "what it is"), lines)]
        parts += self._states(name, shown)
        if "examples" in resource:
            parts += [element("h2", "One of them", id="example"), _code(resource["examples"][0])]
        return html(parts)

    def _states(self, name: str, shown: Mapping[str, Any]) -> list[object]:
        """The states of a type with a lifecycle, and what leads out of each."""
        states = next((each["x-states"] for each in shown.values() if "x-states" in each), None)
        if states is None:
            return []
        rows = [[element("code", state), inline(described), self._moves(name, state)] for state, described in states.items()]
        return [element("h2", "States", id="states"), table(("state", "meaning", "ways out"), rows)]

    def _moves(self, name: str, state: str) -> Html:
        moves = []
        for _, path, operation in self._operations[name]:
            move = operation.get("x-transition")
            if move is not None and state in move["from"]:
                link = element("a", path.rpartition("/")[2], href=f"#{operation['operationId']}")
                moves.append(html([link, f" → {move['to']}"]))
        return Html(", ".join(moves))

    def _target(self, schema: Mapping[str, Any]) -> Html:
        data = schema["properties"]["data"]
        references = [data.get("items", {}), *data.get("anyOf", ())]
        name = next(each["$ref"].rpartition("/")[2].removesuffix("-identifier") for each in references if "$ref" in each)
        return element("a", name, href=f"{self._base}/docs/{name}")


_SETUP = """\
export HOSTER=http://localhost:8080{base}
export TOKEN=…
curl -g "$HOSTER/openapi.json" """.rstrip()


def _line(method: str, path: str, operation: Mapping[str, Any]) -> list[object]:
    return [badge(method), element("a", path, href=f"#{operation['operationId']}"), operation["summary"]]


def _marks(name: str, schema: Mapping[str, Any], sent: Mapping[str, Any]) -> Html:
    """What is special about an attribute."""
    marks = []
    if name in sent.get("required", ()):
        marks.append("required")
    if name not in sent["properties"]:
        marks.append("read only")
    elif sent["properties"][name].get("writeOnly"):
        marks.append("never shown")
    return Html(" ".join(element("span", each, class_="mark") for each in marks))


def _link_marks(name: str, schema: Mapping[str, Any], sent: Mapping[str, Any]) -> Html:
    if name in sent.get("required", ()):
        return element("span", "required", class_="mark")
    if schema["properties"]["data"].get("type") == "array":
        return element("span", "many", class_="mark")
    return Html("") if name in sent.get("properties", {}) else element("span", "read only", class_="mark")


def _code(value: Any) -> Html:
    return element("pre", element("code", json.dumps(value, indent=2, ensure_ascii=False)), tabindex="0")
