"""What a caller can do to rows that they see, against what the rules say; rehearsed, so that nothing changes.

A rule that says no is answered with 403, whatever else would be in the way. Where it says yes, the write goes through or is
refused for a reason of its own; the answer is looked through for traces like every other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.model import Attribute, RuleText, Transition
from tests.isolation import routes
from tests.isolation.asking import Answer, Ask, Desk
from tests.isolation.marks import MARK
from tests.isolation.reading import Reading
from tests.isolation.world import Caller

REASONS = {"unauthenticated", "insufficient_scope", "forbidden", "wrong_state", "busy"}
OWN_REASONS = {
    "limit_reached", "taken", "in_use", "validation_failed", "check_failed", "wrong_state", "guard_failed", "required",
    "immutable", "not_usable", "reference_not_found", "read_only", "invalid", "wrong_format", "insufficient_scope",
    "unknown_scope",
}  # fmt: skip


class Writing(Reading):
    """Writes to one type as one caller."""

    async def everything(self) -> None:
        """All writes there are: a new row, then changes to some that are there."""
        await self._create()
        for row_id in self._some(self.visible, self.desk.made.depth.rows):
            await self._update(row_id)
            await self._probe(row_id)
            await self._move(row_id)
            if self.caller.within(self.name, "read"):
                await self._actions(row_id)

    # How it is answered

    async def _may(self, ask: Ask, allowed: bool, *, certain: bool = False, may: frozenset[str] = frozenset()) -> Answer:
        """The answer to a write, which is refused as it should be; with `certain`, done where it is allowed.

        `may` is what the answer may hold besides, because it is shown once the write is done.
        """
        answer = await self.desk.ask(self.caller, ask, may=may)
        told = f"{self.caller.name}: {ask}\n{answer.status} {answer.text}"
        if self.caller.user is None:
            assert answer.status == 401, told
        elif not self.caller.within(self.name, "write"):
            assert (answer.status, answer.codes) == (403, ["insufficient_scope"]), told
        elif not allowed:
            assert answer.status == 403, told
            assert set(answer.codes) == {"forbidden"}, told
        elif certain or answer.status < 400:
            assert answer.status in (200, 201, 202, 204), told
        else:
            assert set(answer.codes) <= OWN_REASONS, told
        return answer

    def _keeps_counts(self, answer: Answer, row_id: str) -> None:
        """How much somebody has is told to nobody else who acts on a row of theirs."""
        owner = self.desk.oracle.rows[self.name][row_id].get(self.resource.owner or "")
        for each in answer.document["errors"] if answer.codes and owner != self.caller.user else ():
            assert each["code"] != "limit_reached" or each["meta"].keys() == {"limit", "attribute"}, answer.text

    def _is_plain(self) -> bool:
        """Whether nothing but the rule decides about a change that changes nothing."""
        return not self.resource.validations and self.resource.credential is None

    def _holds(self, text: RuleText | None, row_id: str) -> bool:
        row = self.desk.oracle.rows[self.name][row_id]
        return self.desk.oracle.holds(self.caller, self.resource, text, row)

    # A new row

    async def _create(self) -> None:
        """Who may create at all depends on the row as it would be; who may never is refused."""
        visible = self.desk.oracle.visible
        links = routes.needed(self.resource, lambda name: next(iter(visible(self.caller, name)), None))
        body = routes.document(self.name, None, routes.new(self.desk.made, self.resource), **links)
        answer = await self.desk.ask(self.caller, Ask("POST", f"{self.path}?dry_run=true", body))
        told = f"{self.caller.name}: {body}\n{answer.text}"
        if self.caller.user is None:
            assert answer.status == 401, told
        elif not self.caller.within(self.name, "write"):
            assert answer.codes == ["insufficient_scope"], told
        else:
            assert answer.status == 200 or set(answer.codes) <= OWN_REASONS | {"forbidden"}, told

    # Changes

    async def _update(self, row_id: str) -> None:
        path, may = f"{self.path}/{row_id}", self._holds(self.resource.access.update, row_id)
        await self._may(Ask("PATCH", f"{path}?dry_run=true", routes.document(self.name, row_id)), may, certain=self._is_plain())
        for attribute in routes.settable(self.resource):
            value = self.desk.made.values.value(attribute)
            if value is None:
                continue
            body = routes.document(self.name, row_id, {attribute.name: value})
            may_this = may and (attribute.write is None or self._holds(attribute.write, row_id))
            shown = self.desk.oracle.after(self.caller, self.name, row_id, {attribute.name: value}) if may_this else frozenset()
            ask = Ask("PATCH", f"{path}?dry_run=true", body)
            self._keeps_counts(await self._may(ask, may_this or (may and attribute.immutable), may=shown), row_id)
        for by, relationship in self.resource.relationships.items():
            for other in self._some([None, *self.desk.oracle.visible(self.caller, relationship.to)], 2):
                link = None if other is None else (relationship.to, other)
                body = routes.document(self.name, row_id, {}, **{by: link})
                shown = self.desk.oracle.after(self.caller, self.name, row_id, {by: other}) if may else frozenset()
                answer = await self.desk.ask(self.caller, Ask("PATCH", f"{path}?dry_run=true", body), may=shown)
                assert answer.status >= 400 or may, answer.text
        for by in self.resource.reverses:
            for method in ("POST", "PATCH", "DELETE"):
                answer = await self.desk.ask(self.caller, Ask(method, f"{path}/relationships/{by}", {"data": []}))
                assert answer.status in (401, 403), answer.text

    async def _probe(self, row_id: str) -> None:
        """Who may set what they may not see does not find out by setting it what it was."""
        if not (self.caller.user and self.caller.within(self.name, "write")):
            return
        hidden = self.desk.oracle.hides(self.caller, self.name, row_id)
        for attribute in routes.settable(self.resource):
            now = self.desk.oracle.rows[self.name][row_id][attribute.name]
            other = self.desk.made.values.value(attribute)
            if attribute.name in hidden and not attribute.concealed and None not in (now, other) and now != other:
                told = [await self._told(row_id, attribute, value) for value in (now, other)]
                assert told[0] == told[1], f"{self.caller.name} finds out {self.name}.{attribute.name}: {told}"

    async def _told(self, row_id: str, attribute: Attribute, value: Any) -> Any:
        body = routes.document(self.name, row_id, {attribute.name: value})
        ask = Ask("PATCH", f"{self.path}/{row_id}?dry_run=true", body)
        answer = await self.desk.ask(self.caller, ask, may=frozenset(_marks(value)))
        document = answer.document
        if answer.status >= 400:
            return answer.status, answer.codes
        return answer.status, document["data"]["meta"], document["meta"]

    # Moves

    async def _move(self, row_id: str) -> None:
        path, lifecycle = f"{self.path}/{row_id}", self.resource.lifecycle
        transitions = lifecycle.transitions if lifecycle is not None else {}
        for each in transitions.values():
            body = {"data": {"attributes": routes.inputs(each.inputs)}}
            fires = self._fires(each, row_id)
            moved = {lifecycle.attribute: each.target} if lifecycle is not None else {}
            shown = self.desk.oracle.after(self.caller, self.name, row_id, moved) if fires else frozenset()
            ask = Ask("POST", f"{path}/{each.name}?dry_run=true", body)
            self._keeps_counts(await self._may(ask, fires, may=shown), row_id)
        ending = transitions.get("delete")
        may = self._fires(ending, row_id) if ending else self._holds(self.resource.access.delete, row_id)
        answer = await self._may(Ask("DELETE", f"{path}?dry_run=true"), may)
        if ending is None and may and answer.status >= 400 and not self._is_referred_to(row_id):
            assert set(answer.codes) <= {"in_use", "unauthenticated", "insufficient_scope"}, answer.text
            assert not any("meta" in each for each in answer.document["errors"]), answer.text

    def _is_referred_to(self, row_id: str) -> bool:
        """Whether a row that the caller sees refers to it, or to what may go with it: then they may be told which."""
        types, oracle = self.desk.made.definitions.types, self.desk.oracle
        return any(
            oracle.rows[name][each][by] is not None
            for name, resource in types.items()
            for by in resource.relationships
            for each in oracle.visible(self.caller, name)
            if self._leads_to(name, each, by, row_id)
        )

    def _leads_to(self, name: str, row_id: str, by: str, target: str) -> bool:
        """Whether a row refers to another one, straight or by one step."""
        linked = self.desk.oracle.rows[name][row_id][by]
        if linked == target or linked is None:
            return bool(linked == target)
        end = self.desk.oracle.rows[self.desk.made.definitions.types[name].relationships[by].to].get(linked, {})
        return any(value == target for value in end.values())

    def _fires(self, transition: Transition, row_id: str) -> bool:
        return isinstance(transition.by, RuleText) and self._holds(transition.by, row_id)

    async def _actions(self, row_id: str) -> None:
        """What is said of actions agrees with the rules; who may not do something is not told what else is in the way."""
        for each in (await self.get(f"{self.path}/{row_id}/actions")).document["data"]:
            told, name = each["attributes"], each["attributes"]["name"]
            codes = {reason["code"] for reason in told["reasons"]}
            may = self._action(name, row_id) and self.caller.user is not None and self.caller.within(self.name, "write")
            assert told["allowed"] is (not codes), told
            assert may or codes, f"{self.caller.name} may {name} {self.name}/{row_id}: {told}"
            assert may or codes <= REASONS, told

    def _action(self, name: str, row_id: str) -> bool:
        lifecycle, access = self.resource.lifecycle, self.resource.access
        if lifecycle is not None and name in lifecycle.transitions:
            return self._fires(lifecycle.transitions[name], row_id)
        return self._holds(access.update if name == "update" else access.delete, row_id)


async def writing(desk: Desk, caller: Caller) -> None:
    """Every type as one caller."""
    for resource in desk.made.definitions.types.values():
        await Writing(desk, caller, resource).everything()


def _marks(value: Any) -> Iterator[str]:
    yield from MARK.findall(str(value).lower())
