"""`hoster explain`: what a field is; and why somebody may do something, or why not, which only reads, also beside a server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click
import orjson

from engine.cli.resources import completion, options

if TYPE_CHECKING:
    from engine.access import Actor
    from engine.cli.resources.server import Server
    from engine.model import Definitions
    from engine.rules import Part
    from engine.service.explanation import Explanation, Judged
    from engine.settings import Settings
    from engine.store import Store

ANYBODY, OPERATOR = "anonymous", "operator"
WIDEST = 60


@click.command()
@click.option("--as", "who", metavar="USER", help="E-mail address or id of a user, `anonymous`, or `operator`.")
@click.argument("subject", metavar="TYPE.FIELD | ACTION", shell_complete=completion.parts)
@click.argument("resource", metavar="[TYPE/ID]", required=False)
@options.form
@options.server_options
def explain(subject: str, who: str | None, resource: str | None, form: str | None, **target: Any) -> None:
    """Tell what TYPE.FIELD is, or with --as whether USER may do ACTION with TYPE/ID.

    TYPE.FIELD is an attribute, a relationship or a transition: its type, what it takes, and whether you may read and set it.

    With --as, every reason is told and every rule that decides it, from the database of this machine. ACTION is a transition,
    read, update, delete or create; the last is about making one like TYPE/ID, or, with TYPE alone, a blank one. Ends with
    status 1 when it is not allowed, and with 2 when there is no such user, resource or action.
    """
    if who is None:
        if resource is not None:
            raise click.UsageError("Say with --as about whom: hoster explain --as USER ACTION TYPE/ID")
        options.reaching(target, lambda server: _part(server, subject, form))
        return
    if resource is None:
        raise click.UsageError("Say which resource: hoster explain --as USER ACTION TYPE/ID")
    _permission(who, subject, resource)


def _part(server: Server, subject: str, form: str | None) -> None:
    """Print what an attribute, relationship or transition is."""
    from engine.cli.resources.failures import Usage
    from engine.cli.resources.types import part, show_part
    from engine.cli.resources.written import document

    type_name, dot, name = subject.partition(".")
    kind = server.type(type_name)
    if not dot:
        raise Usage(f"Say which field: {type_name}.FIELD; hoster describe {type_name} shows all of them")
    if form is None:
        show_part(kind, name)
    else:
        what, described = part(kind, name)
        document({"data": {"type": kind.name, "name": name, "is": what, **described}}, form)


def _permission(who: str, action: str, resource: str) -> None:
    """Print whether `who` may do `action`, and why."""
    from engine.errors import NotFound
    from engine.service.explanation import explanation

    store = _store()
    actor = _actor(store, who)
    type_name, _, row_id = resource.partition("/")
    try:
        found = explanation(store, actor, action, type_name, row_id or None)
    except NotFound as error:
        raise click.UsageError(error.detail) from error
    for line in _lines(found, f"{who} {{}} {action} {resource}"):
        click.echo(line)
    if found.reasons:
        raise SystemExit(1)


def _store() -> Store:
    """The rows as they are. Nothing is brought up to date, and no key is needed: secrets stay closed."""
    from engine.ambient import Ambient
    from engine.database import open_database
    from engine.secrets import Keyring
    from engine.settings import load_settings
    from engine.store import Store

    settings = load_settings()
    if not settings.database_path.exists():
        raise click.ClickException(f"There is no database at {settings.database_path}; HOSTER_DATA_DIR says where to look")
    ambient = Ambient()
    keyring = Keyring([ambient.random_bytes(32)], ambient)
    return Store(_definitions(settings), open_database(settings.database_path), keyring, ambient)


def _definitions(settings: Settings) -> Definitions:
    from engine.app import BadDefinitions, definitions_of

    loaded = definitions_of(settings)
    if loaded.definitions is None:
        raise BadDefinitions(loaded.problems)
    return loaded.definitions


def _actor(store: Store, who: str) -> Actor:
    from engine.access import ANONYMOUS, user
    from engine.identity.people import People

    if who == ANYBODY:
        return ANONYMOUS
    if who == OPERATOR:
        return user(OPERATOR, operator=True)
    people = People(store)
    column = "k.id" if people.email is None or "@" not in who else f'k."{people.email}"'
    rows = store.database.read(people.statement(people.kind.name, "id", f"{column} = ?"), (who,))
    if not rows:
        raise click.BadParameter(f"there is no user {who!r}; name one by e-mail address or id", param_hint="--as")
    return people.actor(rows[0])


def _lines(found: Explanation, sentence: str) -> Iterator[str]:
    yield sentence.format("cannot" if found.reasons else "can")
    for reason in found.reasons:
        yield f"  {reason.code}: {reason.detail}"
    for judged in found.judged:
        yield from _rule(judged)


def _rule(judged: Judged) -> Iterator[str]:
    yield f"{judged.decides}: {judged.part.text}"
    yield f"  {judged.place}"
    yield from _rule_part(judged.part, 1)


def _rule_part(part: Part, depth: int) -> Iterator[str]:
    values = ", ".join(f"{path} is {_shown(value)}" for path, value in part.values)
    told = f"  ({values})" if values and not part.parts else ""
    yield f"{'  ' * depth}{'✓' if part.holds else '✗'} {part.text}{told}"
    for each in part.parts:
        yield from _rule_part(each, depth + 1)


def _shown(value: Any) -> str:
    text = orjson.dumps(value, default=str).decode()
    return text if len(text) <= WIDEST else f"{text[:WIDEST]}…"
