"""Rules that the whole project keeps, read from its own files."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from engine.settings import Settings, settings_of
from engine.settings.known import is_later, is_of_clients

ROOT = Path(__file__).parents[1]
PACKAGES = ("engine", "handlers", "workers", "migrations", "ui")
MAX_LINES = 400

#: Words that are also names of resource types, where they mean something else: word, below which path, and what it means.
OTHER_MEANINGS = (
    ("user", "engine/", "who asks: the rule language's own word, and the type that says `identity: true`, whatever its name"),
    ("users", "engine/identity/", "messages about the type that says `identity: true`"),
    ("users", "engine/loader/", "messages about the type that says `identity: true`"),
    ("users", "engine/settings/", "whom a setting is about"),
    ("token", "engine/", "what lets somebody in, the attribute type of that name, and a word of a rule's text"),
    ("tokens", "engine/", "likewise"),
    ("session", "engine/", "what the type that says `credential: cookie` holds, whatever its name"),
    ("sessions", "engine/", "likewise"),
    ("plan", "engine/settings/", "what a setting is for"),
    ("plan", "engine/access.py", "`user.plan`, a fact about who asks"),
    ("plan", "engine/check/", "`user.plan`, a fact about who asks"),
    ("node", "engine/check/", "a node of the tree of a rule, and of a file"),
    ("users", "engine/check/", "messages about the type that says `identity: true`"),
    ("plan", "engine/identity/", "`user.plan`, a fact about who asks"),
    ("plan", "engine/rules/", "`user.plan`, a fact about who asks"),
    ("node", "engine/loader/", "a node of the tree of a file"),
    ("nodes", "engine/loader/", "nodes of the tree of a file"),
    ("node", "engine/rules/", "a node of the tree of a rule"),
    ("nodes", "engine/rules/", "nodes of the tree of a rule"),
    ("node", "engine/api/description/", "a node of the tree of a rule"),
    ("node", "engine/service/events/reach.py", "a node of the tree of a rule"),
    ("plan", "engine/service/events/reach.py", "`user.plan`, a fact about who asks"),
    ("plan", "engine/schema/", "what an edit of definitions will do"),
    ("plan", "engine/cli/", "likewise"),
    ("plan", "engine/store/limits.py", "`user.plan`, whose attributes a limit reads"),
    ("template", "engine/loader/vocabulary/", "an example in the description of the language"),
    ("template", "engine/rules/", "a text with places to fill in"),
    ("node", "engine/settings/", "what a setting is for, and a node of the tree of a file"),
    ("nodes", "engine/settings/", "names of variables that scripts and packages already use"),
    ("nodes", "engine/secrets/", "names of variables that scripts and packages already use"),
)

SHELLS = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "asyncio.create_subprocess_shell"}


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def resource_words() -> set[str]:
    plurals = {path.stem for path in (ROOT / "resources").glob("*.yaml")}
    return plurals | {re.sub("ies$", "y", name) if name.endswith("ies") else name.removesuffix("s") for name in plurals}


def names_and_texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every identifier and every string that is not a docstring, with its line."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.lineno, node.value
        for attribute in ("id", "attr", "arg", "name", "asname", "module"):
            if isinstance(text := getattr(node, attribute, None), str):
                yield getattr(node, "lineno", 0), text


def words(text: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", text)}


def mentions() -> Iterator[tuple[str, str, int]]:
    """Word, file and line of everything in the engine that is called like a resource type."""
    sought = resource_words()
    for path in sources("engine"):
        for line, text in names_and_texts(ast.parse(path.read_text())):
            for word in words(text) & sought:
                yield word, path.relative_to(ROOT).as_posix(), line


def locked(name: str) -> list[str]:
    """The lines of a lock file without comments, continued lines joined."""
    text = (ROOT / name).read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def test_no_file_is_so_long_that_it_holds_two_concepts() -> None:
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines()) for path in sources(*PACKAGES)}
    assert len(lengths) > 50
    assert {path: length for path, length in lengths.items() if length > MAX_LINES} == {}


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        path for path in sources(*PACKAGES) if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_the_engine_knows_no_resource_type_by_name() -> None:
    assert {"deployments", "deployment", "templates", "nodes"} <= resource_words()
    known = [
        f"{path}:{line}: {word}"
        for word, path, line in mentions()
        if not any(word == other and path.startswith(place) for other, place, _ in OTHER_MEANINGS)
    ]
    assert known == []


def test_every_other_meaning_is_still_in_use() -> None:
    found = {(word, path) for word, path, _ in mentions()}
    stale = [
        (word, place)
        for word, place, _ in OTHER_MEANINGS
        if not any(word == each and path.startswith(place) for each, path in found)
    ]
    assert stale == []


def test_nothing_is_handed_to_a_shell() -> None:
    found = []
    for path in sources(*PACKAGES, "bench", "tests"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            shell = any(
                each.arg == "shell" and not (isinstance(each.value, ast.Constant) and each.value.value is False)
                for each in node.keywords
            )
            if shell or ast.unparse(node.func) in SHELLS or ast.unparse(node.func).endswith("create_subprocess_shell"):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert found == []


@pytest.mark.parametrize("name", ["requirements.lock", ".ci/tools.lock"])
def test_a_lock_file_has_a_hash_for_everything_and_no_address(name: str) -> None:
    lines = locked(name)
    assert len(lines) > 1
    for line in lines:
        assert re.match(r"[a-z0-9][a-z0-9.-]*==[^ ]+( ;[^\\]+?)?( +--hash=sha256:[0-9a-f]{64})+$", line), line
    text = (ROOT / name).read_text()
    assert not re.search(r"://|@ |--(index|extra|find|trusted)", text)


def test_the_lock_file_of_the_clients_has_a_hash_for_everything_and_no_address() -> None:
    text = (ROOT / "tests/clients/package-lock.json").read_text()
    assert "://" not in text, "run: .ci/clients lock"
    packages = json.loads(text)["packages"]
    asked = json.loads((ROOT / "tests/clients/package.json").read_text())["dependencies"]
    assert packages.pop("")["dependencies"] == asked
    assert {f"node_modules/{name}" for name in asked} <= packages.keys()
    assert [name for name, each in packages.items() if not each["integrity"].startswith("sha512-")] == []


def test_the_lock_file_satisfies_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    versions = {}
    for line in locked("requirements.lock"):
        name, version = line.split()[0].split("==")
        versions[canonicalize_name(name)] = version
    asked = [Requirement(each) for each in (*project["dependencies"], *project["optional-dependencies"]["dev"])]
    unmet = [
        str(each)
        for each in asked
        if not each.specifier.contains(versions.get(canonicalize_name(each.name), ""), prereleases=True)
    ]
    assert unmet == [], "run: just lock"


def test_every_variable_that_a_page_or_script_names_exists() -> None:
    known = {setting.variable for setting in settings_of(Settings).values()} | {"HOSTER_CONFIG"}
    pages = [
        *(ROOT / "docs").rglob("*.md"),
        *ROOT.glob("*.md"),
        ROOT / "justfile",
        *(ROOT / ".ci").iterdir(),
        *sources(*PACKAGES),
    ]
    unknown = {
        f"{page.relative_to(ROOT)}: {name}"
        for page in pages
        for name in re.findall(r"\bHOSTER_[A-Z_]*[A-Z]\b(?!_?\*)", page.read_text())
        if name not in known and not is_later(name) and not is_of_clients(name) and not re.match("HOSTER_(SERVICE|PORT)", name)
    }
    assert unknown == set()


def test_the_readme_begins_with_what_one_types() -> None:
    readme = (ROOT / "README.md").read_text()
    assert "pip install rust-just && just serve" in readme
    assert "just test" in readme
