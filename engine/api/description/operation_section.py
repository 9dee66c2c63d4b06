"""One operation on the page of its tag: parameters, an example to copy, answers, and what can go wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from engine.api.description import wording
from engine.api.description.markup import Html, element, html, inline, paragraphs, table

EVERYWHERE = ("X-Request-ID",)
"""Parameters that every operation has, and that the first page tells of."""

_FILTER = re.compile(r"^filter\[([^\]]+)\](?:\[([a-z]+)\])?$")


class OperationSections:
    """Writes the operations of one document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._base: str = document["servers"][0]["url"]

    def section(self, method: str, path: str, operation: Mapping[str, Any]) -> Html:
        """All of it, under its operation id as anchor."""
        anchor = operation["operationId"]
        heading = element(
            "h2", badge(method), " ", element("code", self._base + path), element("a", "#", href=f"#{anchor}", class_="anchor",
            aria_label="Link to this operation"),
        )  # fmt: skip
        parts: list[object] = [
            heading,
            element("p", element("strong", operation["summary"]), _access(operation)),
            paragraphs(operation.get("description", "")),
            self._parameters(operation),
            element("h3", "Example"),
            element("pre", element("code", self._curl(method, path, operation)), tabindex="0"),
            element("h3", "Answers"),
            table(("status", "meaning"), self._successes(operation), class_="answers"),
            self._failures(operation),
        ]
        return element("section", parts, id=anchor)

    def _parameters(self, operation: Mapping[str, Any]) -> Html:
        every = [self._resolved(each) for each in operation["parameters"]]
        plain = [each for each in every if not each["name"].startswith("filter[") and each["name"] not in EVERYWHERE]
        rows = [
            [element("code", each["name"]), each["in"] + (", required" if each.get("required") else ""),
             _given(each["schema"]), words(each)]
            for each in plain
        ]  # fmt: skip
        found = table(("name", "in", "kind", "what it is"), rows)
        filters = _filters(each["name"] for each in every)
        if filters:
            lines = [[element("code", f"filter[{name}]"), Html(" ".join(element("code", each) for each in operators))]
                     for name, operators in filters.items()]  # fmt: skip
            found = Html(found + element(
                "details", element("summary", f"Filters: {len(filters)} names"),
                element("p", inline("`filter[name]=value` is equality, `filter[name][operator]=value` the rest.")),
                table(("filter", "operators"), lines),
            ))  # fmt: skip
        return Html(element("h3", "Parameters") + found) if found else Html("")

    def _curl(self, method: str, path: str, operation: Mapping[str, Any]) -> str:
        address = "$HOSTER" + re.sub(r"\{id\}", "$ID", path).replace("{", "$").replace("}", "")
        names = {each["name"] for each in map(self._resolved, operation["parameters"])}
        query = "?page[size]=10" if "page[size]" in names and method == "get" else ""
        command = ["curl -g" + ("" if method in ("get", "post") else f" -X {method.upper()}") + f' "{address}{query}"']
        command.append('-H "Authorization: Bearer $TOKEN"')
        body = self._body(operation)
        if body is not None:
            media_type, schema = body
            example = next(iter(schema.get("examples", ())), None)
            text = json.dumps(example, indent=2, ensure_ascii=False).replace("'", "'\\''") if example is not None else "…"
            command += [f"-H 'Content-Type: {media_type}'", f"-d '{text}'"]
        elif method == "post":
            command[0] = command[0].replace("curl -g", "curl -g -X POST")
        return " \\\n  ".join(command)

    def _body(self, operation: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
        content = operation.get("requestBody", {}).get("content", {})
        for media_type, each in content.items():
            return media_type, self._resolved(each["schema"])
        return None

    def _successes(self, operation: Mapping[str, Any]) -> Iterator[list[object]]:
        for status, answer in operation["responses"].items():
            if status < "400":
                kinds = [element("code", each) for each in answer.get("content", ())]
                shown = html([" as ", Html(" or ".join(kinds))]) if kinds else Html("")
                yield [element("code", status), html([answer["description"], shown])]

    def _failures(self, operation: Mapping[str, Any]) -> Html:
        rows = []
        for status, answer in operation["responses"].items():
            if status >= "400":
                resolved = self._resolved(answer)
                codes = Html(" ".join(element("code", each) for each in _codes(resolved)))
                rows.append([element("code", status), html([resolved["description"], element("div", codes)])])
        return element("details", element("summary", "What can go wrong"), table(("status", "meaning and codes"), rows))

    def _resolved(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        if "$ref" not in value:
            return value
        found: Any = self._document
        for step in value["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return found  # type: ignore[no-any-return]  # references lead to objects


def badge(method: str) -> Html:
    """A method, in its colour."""
    return element("span", method.upper(), class_=f"method {method}")


def words(schema: Mapping[str, Any]) -> Html:
    """What something is, and what it is when it is not given."""
    default = schema.get("schema", schema).get("default")
    told = inline(schema.get("description", ""))
    return told if default is None else html([told, " Without it: ", element("code", json.dumps(default)), "."])


def _access(operation: Mapping[str, Any]) -> Html:
    if operation.get("x-transition", {}).get("by_system"):
        return html([" ", element("span", "only the system", class_="mark")])
    anybody = {} in operation["security"]
    return Html("") if anybody else html([" ", element("span", "signed in", class_="mark")])


def _given(schema: Mapping[str, Any]) -> Html:
    """What kind of value a parameter takes."""
    if schema.get("type") == "array":
        return wording.one_of(schema["items"]["enum"], "with commas between, any of")
    return wording.kind(schema, precise=False)


def _filters(names: Iterator[str]) -> dict[str, list[str]]:
    """The names that are filtered by, each with its operators."""
    found: dict[str, list[str]] = {}
    for name in names:
        match = _FILTER.match(name)
        if match is not None:
            found.setdefault(match[1], []).append(match[2] or "=")
    return found


def _codes(answer: Mapping[str, Any]) -> list[str]:
    """The codes that an answer lists."""
    for content in answer.get("content", {}).values():
        for part in content["schema"].get("allOf", ()):
            items = part.get("properties", {}).get("errors", {}).get("items", {})
            if "properties" in items:
                return list(items["properties"]["code"]["enum"])
    return []
