"""What is known of the values of names, and of larger parts of rules, in one case that is looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from engine.check.reasoning.values import Values
from engine.rules.tree import Read

Declared: TypeAlias = Callable[[Read], Values]
"""What a name promises: the values that its definition allows."""


#: Steps for one question, and for all questions about one type: some milliseconds, and about a second.
ONE, ALL = 1_500, 30_000


@dataclass(slots=True)
class Patience:
    """How many steps may still be taken, for one question and for all that share `total`.

    When none is left, everything is thought possible: so no rule takes longer than it is worth, and none is wronged.
    """

    steps: int
    total: Patience | None = None

    @property
    def gone(self) -> bool:
        """Whether no step is left."""
        return self.steps < 0 or (self.total is not None and self.total.steps < 0)

    def lost(self) -> bool:
        """Take a step; whether there was none left."""
        self.steps -= 1
        return self.steps < 0 or (self.total is not None and self.total.lost())


@dataclass(frozen=True, slots=True)
class Facts:
    """`known` narrows what is declared, by the shape of a part. `sizes` are the lengths that a text or list may have."""

    declared: Declared = field(compare=False)
    sizes: Declared = field(compare=False)
    known: Mapping[str, Values] = field(default_factory=dict)
    patience: Patience = field(default_factory=lambda: Patience(ALL), compare=False)

    def of(self, name: Read) -> Values:
        """The values that a name may have."""
        found = self.known.get(name.path)
        return self.declared(name) if found is None else found

    def knowing(self, facts: Mapping[str, Values]) -> Facts:
        """The same case with more that is known."""
        return Facts(self.declared, self.sizes, {**self.known, **facts}, self.patience)

    def afresh(self, facts: Mapping[str, Values]) -> Facts:
        """The same for another question, with more that is known and new patience."""
        total = self.patience.total or self.patience
        return Facts(self.declared, self.sizes, {**self.known, **facts}, Patience(ONE, total))
