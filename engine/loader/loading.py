"""Directories of definition files → the definitions of a running system, or every problem that stands in the way."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from engine.loader.constraints import check_constraints
from engine.loader.draft import Draft
from engine.loader.files import SUFFIX, Source, decode, read_sources
from engine.loader.limits import check_limits
from engine.loader.naming import check_naming
from engine.loader.node import Node
from engine.loader.problem import Problem, in_order
from engine.loader.references import check_references, identity_type
from engine.loader.resource import read_resource
from engine.loader.reverses import with_reverses
from engine.loader.rule_checks import check_rules
from engine.loader.structure import check_structure, find
from engine.loader.tree_cache import TreeCache
from engine.model import Definitions, Position, ResourceType


@dataclass(frozen=True, slots=True)
class Loaded:
    """What loading gave: definitions when there was no problem at all, else every problem.

    `understood` holds the types of the files that could be read, right or wrong, for the checks that follow;
    `place` finds where something of them is written. `files` are their contents by the names of types.
    """

    definitions: Definitions | None
    problems: tuple[Problem, ...]
    understood: Definitions
    drafts: Mapping[str, Draft] = field(repr=False)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def place(self, type_name: str, *path: str | int) -> Position:
        """Where the value at `path` of a type's file is written; the nearest thing above it when it is not."""
        draft = self.drafts[type_name]
        for length in range(len(path), 0, -1):
            node = find(draft.root, path[:length])
            if node is not None:
                return draft.position(node)
        return draft.position(draft.root)

    def whole(self, type_name: str) -> bool:
        """Whether the file of a type has no problem."""
        return not self.drafts[type_name].problems

    def sound(self, type_name: str, section: str) -> bool:
        """Whether a section of a type's file means what is written there, whatever is wrong elsewhere in the file."""
        draft = self.drafts[type_name]
        return not draft.vague and section not in draft.unsound


def load(directories: Sequence[Path], *, cache: Path | None = None) -> Loaded:
    """Read every `*.yaml` of the directories; a later one adds types or replaces an earlier one by name.

    `cache` is a directory where parsed trees are kept, so that the next start need not read YAML again.
    """
    problems: list[Problem] = []
    return _load(read_sources(directories, problems), TreeCache(cache), problems)


def load_files(files: Mapping[str, bytes]) -> Loaded:
    """The same of contents by the names of types, such as those that a database was made for."""
    sources = tuple(Source(name, Path(f"{name}{SUFFIX}"), content, 0) for name, content in sorted(files.items()))
    return _load(sources, TreeCache(None), [])


def _load(sources: Sequence[Source], trees: TreeCache, problems: list[Problem]) -> Loaded:
    by_layer = sorted(sources, key=lambda source: source.layer)
    drafts = [draft for source in by_layer if (draft := _draft(source, trees, problems)) is not None]
    identity = identity_type(drafts)
    types = {draft.name: read_resource(draft, identity) for draft in sorted(drafts, key=lambda draft: draft.name)}
    understood = Definitions(MappingProxyType(with_reverses(drafts, types)), _digest(sources))
    _check(drafts, understood, frozenset(source.name for source in sources))
    found = in_order([*problems, *(problem for draft in drafts for problem in draft.problems)])
    by_name = MappingProxyType({draft.name: draft for draft in drafts})
    files = MappingProxyType({source.name: source.content for source in sources if source.content is not None})
    return Loaded(understood if not found else None, found, understood, by_name, files)


def _draft(source: Source, trees: TreeCache, problems: list[Problem]) -> Draft | None:
    if source.content is None:
        return None
    draft = Draft(source.name, str(source.path), Node(None, 1, 1))
    root = trees.get(source.path, source.content)
    if root is None:
        text = decode(source.content, source.path, problems)
        root = _parse(draft, text) if text is not None else None
        if root is not None and not draft.problems:
            trees.put(source.path, source.content, root)
    if root is None:
        problems += draft.problems
        return None
    draft.root = root
    if draft.problems:
        draft.unsound.update(section for section, _, _ in root.items())
    check_structure(draft)
    return draft


def _parse(draft: Draft, text: str) -> Node | None:
    from engine.loader.yaml_reader import read_yaml  # a start from kept trees need not pay for the YAML library

    def report(line: int, column: int, code: str, message: str) -> None:
        draft.report(Node(None, line, column), code, message)
        draft.vague |= code in ("bad-yaml", "too-large", "second-document", "too-many-problems")

    root = read_yaml(text, report)
    if (root is None or root.value is None or root.value == {}) and not draft.problems:
        report(1, 1, "empty-file", "this file defines nothing; a type has at least one attribute or a description")
        return None
    return root


def _check(drafts: Sequence[Draft], understood: Definitions, names: frozenset[str]) -> None:
    for draft in drafts:
        resource = understood.types[draft.name]
        _check_values(draft, resource)
        check_naming(draft, resource)
    check_references(drafts, understood.types, names)
    complete = all(not draft.vague for draft in drafts) and names == frozenset(understood.types)
    check_limits(drafts, understood, complete=complete)
    check_rules(drafts, understood, complete=complete)


def _check_values(draft: Draft, resource: ResourceType) -> None:
    root = draft.root
    check_constraints(draft, root.get("attributes"), resource.attributes)
    for name, read in resource.reads.items():
        check_constraints(draft, find(root, ("reads", name, "params")), read.params)
    for name, transition in resource.lifecycle.transitions.items() if resource.lifecycle is not None else ():
        check_constraints(draft, find(root, ("lifecycle", "transitions", name, "inputs")), transition.inputs)


def _digest(sources: Sequence[Source]) -> str:
    digest = hashlib.sha256()
    for source in sources:
        content = source.content or b""
        digest.update(f"{source.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()
