"""Families of measurements and how they are written: the text format of Prometheus, version 0.0.4."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal, TypeAlias

from engine.figures import Histogram

Kind: TypeAlias = Literal["counter", "gauge", "histogram"]
Labels: TypeAlias = Mapping[str, str]
Sample: TypeAlias = tuple[Labels, float | Histogram]

NONE: Labels = {}
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", '"': '\\"'})


@dataclass(frozen=True, slots=True)
class Family:
    """One name, and a value or a histogram for each set of labels. `help` is one sentence."""

    name: str
    kind: Kind
    help: str
    samples: tuple[Sample, ...]

    @staticmethod
    def single(name: str, kind: Kind, help: str, value: float | Histogram) -> Family:  # noqa: A002 - what Prometheus calls it
        """A family of one sample without labels."""
        return Family(name, kind, help, ((NONE, value),))


def text(families: Iterable[Family]) -> bytes:
    """The families as Prometheus reads them."""
    return "".join(line + "\n" for family in families for line in _lines(family)).encode()


def _lines(family: Family) -> Iterator[str]:
    yield f"# HELP {family.name} {family.help}"
    yield f"# TYPE {family.name} {family.kind}"
    for labels, value in family.samples:
        if isinstance(value, Histogram):
            yield from _histogram(family.name, labels, value)
        else:
            yield f"{family.name}{_braces(labels)} {_number(value)}"


def _histogram(name: str, labels: Labels, histogram: Histogram) -> Iterator[str]:
    bounds = [*map(_number, histogram.bounds), "+Inf"]
    sums = list(accumulate(histogram.counts))
    for bound, sum_ in zip(bounds, sums, strict=True):
        yield f"{name}_bucket{_braces({**labels, 'le': bound})} {sum_}"
    yield f"{name}_sum{_braces(labels)} {_number(histogram.total)}"
    yield f"{name}_count{_braces(labels)} {sums[-1]}"


def _braces(labels: Labels) -> str:
    inside = ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels.items())
    return f"{{{inside}}}" if inside else ""


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))
