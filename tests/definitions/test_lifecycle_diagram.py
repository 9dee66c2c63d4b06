"""The diagram of a lifecycle, as Mermaid text."""

from __future__ import annotations

import re
from pathlib import Path

from engine.check import mermaid
from engine.loader import load
from engine.model import ResourceType

RESOURCES = Path(__file__).parents[2] / "resources"

LINE = re.compile(
    r"direction LR|state \"[a-z_]+(<br/>runs [a-z_.]+)?\" as s_\w+|(\[\*\]|s_\w+) --> (\[\*\]|s_\w+)( : [\w ,().]+)?"
    r"|classDef \w+ [\w:#,]+|class [\w,]+ \w+"
)

SMALL = """
owner: none
lifecycle:
  initial: end
  states:
    end: {after: {90m: note, 2d: hide}}
    state: {run: things.work, then: end, else: class, within: 30s}
    class: {tone: bad, final: true}
  transitions:
    note: {from: end, to: state, by: system, run: things.note}
    hide: {from: end, to: class, by: operator}
"""


def test_it_shows_states_commands_outcomes_and_timers(tmp_path: Path) -> None:
    (tmp_path / "things.yaml").write_text(SMALL)
    definitions = load([tmp_path]).definitions
    assert definitions is not None
    assert mermaid(definitions.types["things"]).splitlines() == [
        "stateDiagram-v2",
        "    direction LR",
        '    state "end" as s_end',
        '    state "state<br/>runs things.work" as s_state',
        '    state "class" as s_class',
        "    [*] --> s_end",
        "    s_end --> s_state : note (after 90m, by the system, runs things.note)",
        "    s_end --> s_class : hide (after 2d)",
        "    s_state --> s_end : done",
        "    s_state --> s_class : failed, or not done within 30s",
        "    s_class --> [*]",
        "    classDef busy fill:#d0ebff,stroke:#1971c2,color:#000",
        "    class s_state busy",
        "    classDef bad fill:#ffe3e3,stroke:#c92a2a,color:#000",
        "    class s_class bad",
    ]


def test_every_line_of_the_shipped_ones_is_mermaid() -> None:
    definitions = load([RESOURCES]).definitions
    assert definitions is not None
    for resource in definitions.types.values():
        if resource.lifecycle is None:
            continue
        first, *lines = mermaid(resource).splitlines()
        assert first == "stateDiagram-v2"
        assert [line for line in lines if not LINE.fullmatch(line.strip())] == []


def test_a_type_without_lifecycle_has_one_state() -> None:
    assert mermaid(ResourceType(name="notes")) == "stateDiagram-v2\n    [*] --> exists\n"
