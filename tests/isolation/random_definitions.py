"""Definition files by chance: types that point at each other, with rules, hidden and unique attributes, states and limits.

Small, and each sound by itself; what the loader refuses all the same is left out by whoever asks for them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

KINDS = (
    "string",
    "text",
    "slug",
    "integer",
    "number",
    "boolean",
    "timestamp",
    "json",
    "enum",
    "email",
    "url",
    "money",
    "secret",
)
WORDS = ("owner", "public", "known", "operator", "nobody")


def random_files(seed: int) -> Mapping[str, str]:
    """Three to five types; YAML is written as JSON, which it contains."""
    return {name: orjson.dumps(each).decode() for name, each in _Making(random.Random(seed)).types().items()}


class _Making:
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.names = [f"things{letter}" for letter in "abcde"[: chance.randint(3, 5)]]

    def types(self) -> dict[str, dict[str, Any]]:
        """The types by name, and plans for users where the others have limits."""
        found = {name: self._type(number, name) for number, name in enumerate(self.names)}
        if any("limits" in each for each in found.values()):
            found["plans"] = {
                "id_prefix": "plan_", "owner": "none", "access": {"read": self._word("known", "operator")},
                "attributes": {"title": {"type": "string", **self._maybe(0.3, read="operator")}, "most": {"type": "integer"}},
            }  # fmt: skip
            found["users"] = {
                "id_prefix": "user_", "identity": True, "limited_by": "plan",
                "attributes": {
                    "email": {"type": "email", "required": True, "unique": True},
                    "name": {"type": "string", **self._maybe(0.5, read="operator")},
                    "operator": {"type": "boolean", "default": False, "set_by": "system"},
                },
                "relationships": {"plan": {"to": "plans", "set_by": "system", "on_delete": "set_null", "reverse": False}},
                "access": {"read": self._word("known", "id in user.principals || user.operator"), "delete": "operator"},
            }  # fmt: skip
        return found

    def _type(self, number: int, name: str) -> dict[str, Any]:
        owned = self.chance.random() < 0.8
        attributes = {f"{kind}_{index}": self._attribute(kind, owned) for index, kind in enumerate(self._kinds())}
        made: dict[str, Any] = {
            "id_prefix": f"{name}_",
            "attributes": {"flag": {"type": "boolean", "default": False}, **attributes},
        }
        made["relationships"] = self._relationships(number, name)
        made["lifecycle"] = self._lifecycle(owned) if self.chance.random() < 0.6 else None
        made["access"] = self._access(made, owned)
        if not owned:
            made["owner"] = "none"
        elif self.chance.random() < 0.4:
            made["limits"] = {"many": {"most": "most", **self._maybe(0.5, where="flag"), **self._maybe(0.3, unless="operator")}}
        if self.chance.random() < 0.3:
            made["reads"] = {"peek": {"from": "things.peek"}}
        if self.chance.random() < 0.3:
            made["validations"] = [{"rule": "flag || old.id == null", "message": "It needs its flag"}]
        for each in made["relationships"].values():
            if each["on_delete"] == "cascade" and made["lifecycle"] is not None:
                each["on_delete"] = "restrict"
        return {key: value for key, value in made.items() if value is not None}

    def _kinds(self) -> list[str]:
        return [self.chance.choice(KINDS) for _ in range(self.chance.randint(1, 5))]

    def _attribute(self, kind: str, owned: bool) -> dict[str, Any]:
        made: dict[str, Any] = {"type": kind}
        if kind == "enum":
            made["values"] = ["low", "high"]
        elif kind in ("string", "slug", "email", "integer") and self.chance.random() < 0.4:
            made["unique"] = "owner" if owned and self.chance.random() < 0.5 else True
        if self.chance.random() < 0.3:
            made["read"] = self._word(*(WORDS if owned else WORDS[1:]), "flag", "flag && user.known")
        made |= self._maybe(0.15, required=True) | self._maybe(0.15, immutable=True)
        if kind not in ("secret", "boolean", "enum"):
            made |= self._maybe(0.1, secret=True) if "unique" not in made else {}
        return made | self._maybe(0.15, write=self._word(*WORDS[1:]))

    def _relationships(self, number: int, name: str) -> dict[str, Any]:
        """To types before it and to itself, so that rows can be made in order; two of them perhaps to the same."""
        made: dict[str, Any] = {}
        for index, target in enumerate(self.chance.choices([*self.names[:number], name, "users"], k=self.chance.randint(0, 3))):
            needed = target != name and target != "users" and self.chance.random() < 0.3
            ways = ("restrict", "cascade") if needed else ("restrict", "cascade", "set_null")
            made[f"end{index}"] = {
                "to": target, "required": needed, "on_delete": self.chance.choice(ways),
                **(self._maybe(0.7, reverse=f"{name}_{index}") or self._maybe(0.4, read=self._word("known", "flag"))),
                **self._maybe(0.2, write=self._word("known", "operator", "flag")),
            }  # fmt: skip
        return made

    def _lifecycle(self, owned: bool) -> dict[str, Any]:
        by = WORDS if owned else WORDS[1:]
        made: dict[str, Any] = {
            "initial": "open",
            "states": {"open": {}, "shut": {}, "over": {"final": True, "gone": True}},
            "transitions": {
                "shut": {"from": "open", "to": "shut", "by": self._word(*by), **self._maybe(0.4, needs={"flag": "No flag"})},
                "reopen": {"from": "shut", "to": "open", "by": self._word(*by)},
                "end": {"from": "*", "to": "over", "by": self._word(*by, "system")},
            },
        }
        if self.chance.random() < 0.4:
            made["transitions"]["delete"] = {"from": ["open", "shut"], "to": "over", "by": self._word(*by)}
        return made

    def _access(self, made: Mapping[str, Any], owned: bool) -> dict[str, Any]:
        rules = list(self._rules(made, owned))
        words = WORDS if owned else WORDS[1:]
        read = self._word(*rules, *rules, self._joined(rules), self._joined(rules), *words)
        wide = self._word(*words, self._joined(rules), self._joined(rules))
        return {
            "read": read, "update": wide, "delete": self._word(*words, self._joined(rules)),
            "create": self._word("known", "known", "operator", "flag"), **self._maybe(0.4, usable=self._joined(rules)),
        }  # fmt: skip

    def _rules(self, made: Mapping[str, Any], owned: bool) -> Iterator[str]:
        yield from ("flag", "flag && user.known", "user.operator")
        if owned:
            yield "owner in user.principals"
        if made["lifecycle"] is not None:
            yield 'status == "shut"'
        for name, relationship in made["relationships"].items():
            yield f"{name}.flag" if relationship["to"] != "users" else f"{name} in user.principals"
            yield f"{name} == null"

    def _joined(self, rules: list[str]) -> str:
        first, second = self.chance.sample(rules, 2)
        return f"{first} {self.chance.choice(('||', '||', '&&'))} {second}"

    def _word(self, *words: str) -> str:
        return self.chance.choice(words)

    def _maybe(self, likely: float, **given: Any) -> dict[str, Any]:
        return given if self.chance.random() < likely else {}
