"""How SQLite says it.

Booleans are 0 and 1, lists and money are JSON text. Integer overflow turns into a REAL here, which CAST brings back to the
nearest integer: that is saturation, without writing an operand twice.
"""

from __future__ import annotations

from engine.rules.condition import Bind, Literal
from engine.rules.fragment import Fragment, sql
from engine.rules.runtime import EARLIEST, MAX_FLOAT

_FUNCTIONS = {
    # instr finds the first place, so a text starts with what it finds at 1. Texts hold no NUL, so char(0) marks their end.
    "startsWith": "(instr({}, {}) = 1)",
    "endsWith": "(instr({} || char(0), {} || char(0)) > 0)",
    "contains": "(instr({}, {}) > 0)",
    "lowerAscii": "lower({})",
}
_INTEGER = {
    "/": "CAST({} / nullif({}, 0) AS INTEGER)",
    "%": "({} % nullif({}, 0))",
}


class SQLite:
    """SQLite 3.38 and later."""

    name = "sqlite"
    false, true = "0", "1"
    booleans_as_integers = True
    max_height = 75
    """Of the 100 symbols that its parser can remember; the others are for the query around the condition."""

    def bind(self, bind: Bind, kind: str) -> Fragment:
        return Fragment("?", (bind,))

    def same(self, left: Fragment, right: Fragment, negated: bool) -> Fragment:
        return sql("({} IS NOT {})" if negated else "({} IS {})", left, right)

    def order(self, operator: str, left: Fragment, right: Fragment, kind: str) -> Fragment:
        return sql(f"({{}} {operator} {{}})", left, right)

    def arithmetic(self, operator: str, left: Fragment, right: Fragment, kind: str) -> Fragment:
        if kind == "int":
            return sql(_INTEGER.get(operator, f"CAST({{}} {operator} {{}} AS INTEGER)"), left, right)
        right = sql("nullif({}, 0.0)", right) if operator == "/" else right
        largest, smallest = (Fragment("?", (Literal(limit),)) for limit in (MAX_FLOAT, -MAX_FLOAT))
        return sql(f"max(min({{}} {operator} {{}}, {{}}), {{}})", left, right, largest, smallest)

    def to_float(self, operand: Fragment) -> Fragment:
        return sql("CAST({} AS REAL)", operand)

    def shift(self, moment: Fragment, milliseconds: int) -> Fragment:
        sign = "-" if milliseconds < 0 else "+"
        length = f"{sign}{abs(milliseconds) // 1000}.{abs(milliseconds) % 1000:03d} seconds"
        modifier = Fragment("?", (Literal(length),))
        template = f"nullif(max(strftime('%Y-%m-%dT%H:%M:%fZ', {{}}, {{}}), '{EARLIEST}'), '{EARLIEST}')"
        return sql(template, moment, modifier)

    def function(self, name: str, operands: list[Fragment], kind: str) -> Fragment:
        if name == "size":
            return sql("length({})" if kind == "string" else "json_array_length({})", *operands)
        return sql(_FUNCTIONS[name], *operands)

    def component(self, money: Fragment, component: str) -> Fragment:
        return sql(f"json_extract({{}}, '$.{component}')", money)

    def item_of(self, item: Fragment, items: Fragment, kind: str) -> Fragment:
        return sql("({} IN (SELECT value FROM json_each({})))", item, items)

    def elements(self, items: Fragment, alias: str) -> Fragment:
        return sql(f"json_each({{}}) AS {alias}", items)

    def element(self, alias: str, kind: str) -> Fragment:
        cast = {"int": "INTEGER", "float": "REAL"}.get(kind)
        return Fragment(f"CAST({alias}.value AS {cast})" if cast else f"{alias}.value")
