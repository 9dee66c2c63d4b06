"""How PostgreSQL says it.

Columns are boolean, bigint, double precision and text (times too); lists and money are jsonb. Arithmetic that leaves the
range of a type is an error here, so it is done where that cannot happen and brought back. A subselect with OFFSET 0 gives
an operand a name, and keeps the planner from writing it out twice. No template contains a percent sign but placeholders.
"""

from __future__ import annotations

from engine.rules.condition import Bind
from engine.rules.fragment import Fragment, sql
from engine.rules.runtime import MAX_FLOAT

_TYPES = {"bool": "boolean", "int": "bigint", "float": "double precision", "string": "text", "time": "text"}

_FUNCTIONS = {
    "startsWith": "starts_with({}, {})",
    "endsWith": "starts_with(reverse({}), reverse({}))",
    "contains": "(strpos({}, {}) > 0)",
    "lowerAscii": 'lower({} COLLATE "C")',
}
_INTEGER = {
    "+": "{}::numeric + {}::numeric",
    "-": "{}::numeric - {}::numeric",
    "*": "{}::numeric * {}::numeric",
    "/": "div({}::numeric, nullif({}, 0)::numeric)",
}
_WITHIN_BIGINT = (
    "(SELECT CAST(CASE WHEN v > 9223372036854775807 THEN 9223372036854775807"
    " WHEN v < -9223372036854775808 THEN -9223372036854775808 ELSE v END AS bigint)"
    " FROM (SELECT {} AS v OFFSET 0) AS n)"
)
# Where the result is surely within range, the plain operation. Elsewhere, numeric, held within range and rounded back: there,
# beyond 1e300 for sums and 8e307 for products, or below 4e-308, the last digit may differ from what Python gives.
_PLAIN = {
    "+": "abs(a) < 1e300 AND abs(b) < 1e300",
    "-": "abs(a) < 1e300 AND abs(b) < 1e300",
    "*": "a = 0 OR b = 0 OR ln(nullif(abs(a), 0)) + ln(nullif(abs(b), 0)) BETWEEN -708 AND 709",
    "/": "a = 0 OR ln(nullif(abs(a), 0)) - ln(abs(b)) BETWEEN -708 AND 709",
}
_WITHIN_DOUBLE = (
    "(SELECT CASE WHEN a IS NULL OR b IS NULL THEN NULL WHEN {plain} THEN a {operator} b"
    " ELSE (SELECT CASE WHEN v > {limit} THEN {limit} WHEN v < -{limit} THEN -{limit}"
    " WHEN abs(v) < 3e-324 THEN 0 ELSE v END"
    " FROM (SELECT a::text::numeric {operator} b::text::numeric AS v OFFSET 0) AS w)::double precision END"
    " FROM (SELECT {{}} AS a, {{}} AS b OFFSET 0) AS n)"
)
_SHIFTED = (
    "(SELECT CASE WHEN v > '0001-01-01'::timestamp AND v < '10000-01-01'::timestamp"
    ' THEN to_char(v, \'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"\') END'
    " FROM (SELECT ({{}}::timestamptz AT TIME ZONE 'UTC') + interval '{} milliseconds' AS v OFFSET 0) AS n)"
)


class PostgreSQL:
    """PostgreSQL 12 and later."""

    name = "postgresql"
    false, true = "false", "true"
    booleans_as_integers = False
    max_height = 2_000

    def bind(self, bind: Bind, kind: str) -> Fragment:
        return Fragment(f"%s::{_TYPES.get(kind, 'jsonb')}", (bind,))

    def same(self, left: Fragment, right: Fragment, negated: bool) -> Fragment:
        return sql("({} IS DISTINCT FROM {})" if negated else "({} IS NOT DISTINCT FROM {})", left, right)

    def order(self, operator: str, left: Fragment, right: Fragment, kind: str) -> Fragment:
        collation = ' COLLATE "C"' if kind in ("string", "time") else ""
        return sql(f"({{}}{collation} {operator} {{}})", left, right)

    def arithmetic(self, operator: str, left: Fragment, right: Fragment, kind: str) -> Fragment:
        if operator == "%":
            return sql("mod({}, nullif({}, 0))", left, right)
        if kind == "int":
            return sql(_WITHIN_BIGINT.format(_INTEGER[operator]), left, right)
        right = sql("nullif({}, 0)", right) if operator == "/" else right
        return sql(_WITHIN_DOUBLE.format(plain=_PLAIN[operator], operator=operator, limit=repr(MAX_FLOAT)), left, right)

    def to_float(self, operand: Fragment) -> Fragment:
        return sql("{}::double precision", operand)

    def shift(self, moment: Fragment, milliseconds: int) -> Fragment:
        return sql(_SHIFTED.format(milliseconds), moment)

    def function(self, name: str, operands: list[Fragment], kind: str) -> Fragment:
        if name == "size":
            return sql("length({})::bigint" if kind == "string" else "jsonb_array_length({})::bigint", *operands)
        return sql(_FUNCTIONS[name], *operands)

    def component(self, money: Fragment, component: str) -> Fragment:
        return sql(f"({{}} ->> '{component}')::{'bigint' if component == 'amount' else 'text'}", money)

    def item_of(self, item: Fragment, items: Fragment, kind: str) -> Fragment:
        return sql("({} IN (SELECT {} FROM {}))", item, self.element("e", kind), self.elements(items, "e"))

    def elements(self, items: Fragment, alias: str) -> Fragment:
        return sql(f"jsonb_array_elements({{}}) AS {alias}(value)", items)

    def element(self, alias: str, kind: str) -> Fragment:
        text = f"({alias}.value #>> '{{}}')"
        if kind == "int":
            return Fragment(_WITHIN_BIGINT.format(f"trunc({text}::numeric)"))
        return Fragment(f"{text}::double precision" if kind == "float" else text)
