"""What a rule can come to, over everything that a row and a caller may be: three-valued, and never more than is certain.

A set of values (`Values`) stands for each part of a rule, always too large rather than too small. So "this part is never
true" is a proof, and the absence of a proof says nothing.
"""

from engine.check.reasoning.cases import Cases, assume, possible, together
from engine.check.reasoning.facts import Facts
from engine.check.reasoning.shape import item_of, shape
from engine.check.reasoning.values import ANY, FALSE, NULL, TRUE, Values, only

__all__ = [
    "ANY",
    "FALSE",
    "NULL",
    "TRUE",
    "Cases",
    "Facts",
    "Values",
    "assume",
    "item_of",
    "only",
    "possible",
    "shape",
    "together",
]
