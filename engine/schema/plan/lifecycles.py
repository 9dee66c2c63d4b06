"""States, transitions, commands and timers: which rows, and which work that is under way, an edit concerns."""

from __future__ import annotations

from collections.abc import Iterator

from engine.model import Lifecycle, ResourceType, State
from engine.schema.plan.change import Change
from engine.schema.plan.pairs import pairs
from engine.schema.plan.rows import Rows


def lifecycle(old: ResourceType, new: ResourceType, rows: Rows) -> Iterator[Change]:
    """What becomes of the lifecycle of a type that was there."""
    before, after = old.lifecycle, new.lifecycle
    found = rows.count(old.name)
    if before is None and after is not None:
        text = f"{new.name} gets a lifecycle; its rows begin as {after.initial}"
        yield Change(code="LC107", where=new.name, text=text, rows=found.number)
    elif before is not None and after is None:
        text = f"{new.name} has no lifecycle any more; the states of its rows are forgotten"
        yield Change(code="DL105", where=new.name, text=text, rows=found.number, ids=found.ids)
    elif before is not None and after is not None:
        yield from _states(old, new, before, after, rows)
        yield from _transitions(old, new, before, after, rows)


def _states(old: ResourceType, new: ResourceType, before: Lifecycle, after: Lifecycle, rows: Rows) -> Iterator[Change]:
    matched, column = pairs(before.states, after.states), f'"{before.attribute}"'
    for state in matched.added:
        yield Change(code="LC101", where=f"{new.name}.{state.name}", text=f"{new.name} can be {state.name}")
    for former, state in matched.kept:
        where = f"{new.name}.{state.name}"
        inside = rows.count(old.name, f"{column} = ?", (former.name,))
        if former.name != state.name:
            text = f"the state {former.name} is called {state.name}"
            yield Change(code="LC102", where=where, text=text, rows=inside.number)
        if _work(former) != _work(state):
            text = f"what happens in {state.name} changes: {_told(former)} → {_told(state)}"
            yield Change(code="LC104", where=where, text=text, rows=inside.number, ids=inside.ids)
            if former.run != state.run:
                yield from _open(old, former, where, rows)
    for state in matched.removed:
        where = f"{new.name}.{state.name}"
        inside = rows.count(old.name, f"{column} = ?", (state.name,))
        if inside.number:
            text = f"rows are {state.name}, which is no longer a state: say `was: {state.name}` on the state that it becomes"
            yield Change(code="BF106", where=where, text=text, rows=inside.number, ids=inside.ids)
        else:
            yield Change(code="LC103", where=where, text=f"{state.name} is no longer a state; no row is in it", rows=0)
        yield from _open(old, state, where, rows)


def _open(old: ResourceType, state: State, where: str, rows: Rows) -> Iterator[Change]:
    if state.run is None:
        return
    found = rows.count("_commands", "open = 1 AND type = ? AND state = ?", (old.name, state.name))
    if found.number:
        text = f"commands that run for {state.name} are open: {state.run}"
        yield Change(code="LC105", where=where, text=text, rows=found.number, ids=found.ids)


def _transitions(old: ResourceType, new: ResourceType, before: Lifecycle, after: Lifecycle, rows: Rows) -> Iterator[Change]:
    former_names = {state.was: state.name for state in after.states.values() if state.was is not None}

    def renamed(names: tuple[str, ...]) -> set[str]:
        return {former_names.get(name, name) for name in names}

    for name, transition in before.transitions.items():
        where, now = f"{new.name}.{name}", after.transitions.get(name)
        if now is None:
            timers = rows.count("_timers", "type = ? AND transition = ?", (old.name, name))
            if timers.number:
                text = f"timers are set that fire {name}, which is no longer there"
                yield Change(code="LC106", where=where, text=text, rows=timers.number, ids=timers.ids)
            yield Change(code="AP101", where=where, text=f"the transition {name} is no longer there")
        elif renamed(transition.sources) != set(now.sources) or renamed((transition.target,)) != {now.target}:
            text = f"{name} leads {', '.join(now.sources)} → {now.target}"
            yield Change(code="LC108", where=where, text=text)


def _work(state: State) -> tuple[object, ...]:
    timers = tuple((each.seconds, each.transition) for each in state.after)
    return state.run, state.within, timers, state.final, state.gone


def _told(state: State) -> str:
    parts = [f"runs {state.run}" if state.run else "", *(f"{each.transition} after {each.seconds:g} s" for each in state.after)]
    ends = "gone" if state.gone else "final" if state.final else ""
    return ", ".join(part for part in (*parts, ends) if part) or "rests"
