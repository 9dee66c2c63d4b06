"""The rule language: a small, typed, bounded, strict subset of CEL syntax, compiled to Python and to SQL.

Both targets give the same answer for the same row, by these rules:

- Null: a comparison by order, `in`, `exists`, `all` and text tests with null are false; arithmetic, `+` on texts, `size` and
  the like with null are null. `==` and `!=` treat null as a value. Where a bool is needed, null counts as false.
- Numbers: an int beside a float becomes the nearest float. A result beyond 64 bits, or beyond the finite floats, is the
  nearest value in range. Division of ints drops the fraction, `%` has the sign of its left side, dividing by zero gives null.
- Text is compared and ordered by code point; `lowerAscii` changes A to Z only.
- A time outside of the years 1 to 9999 is null.
- Bounds: 2,000 characters, 400 parts, 40 levels; `exists` and `all` go through one list, not through lists in lists.
"""

from engine.rules.alternatives import Alternative, alternatives, constants
from engine.rules.condition import Bind, Condition, Literal, Request
from engine.rules.errors import RuleError
from engine.rules.explanation import Part, explain
from engine.rules.rule import Rule, compile_rule
from engine.rules.scope import Name, Scope, row_scope, user_scope
from engine.rules.to_python import Evaluate

__all__ = [
    "Alternative",
    "Bind",
    "Condition",
    "Evaluate",
    "Literal",
    "Name",
    "Part",
    "Request",
    "Rule",
    "RuleError",
    "Scope",
    "alternatives",
    "compile_rule",
    "constants",
    "explain",
    "row_scope",
    "user_scope",
]
