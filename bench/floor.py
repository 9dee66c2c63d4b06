"""The floor: the least that the same work can cost in Python, written by hand for one table.

Starlette and sqlite3 in one process: a signed token is checked and its user looked up, the rule "published or own" stands in
the SQL, bodies are validated by jsonschema-rs, every write is its own commit in WAL mode at the durability that `FLOOR_SYNC`
names. `move` adds what a lifecycle costs: compare-and-set of the state, a command row and an event row in one transaction.
No engine, no definitions, no bus that would run the commands: what a general product adds shows as the ratio to this.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import os
import sqlite3
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.items import NAME_PATTERN, VERSION_PATTERN, attributes

KEY = b"k" * 32
USER = "u1"
TYPE = "bench_items"
MEDIA_TYPE = "application/vnd.api+json"
MAX_PAGE = 200
TOKEN_LIFE = 30 * 86_400

TABLES = """
CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE items (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT NULL, description TEXT, compose_spec TEXT,
  price INTEGER NOT NULL, published INTEGER NOT NULL, tags TEXT NOT NULL, owner TEXT NOT NULL REFERENCES users,
  status TEXT NOT NULL DEFAULT 'new', created_at TEXT NOT NULL, updated_at TEXT NOT NULL
);
CREATE INDEX items_price ON items (price);
CREATE TABLE commands (id INTEGER PRIMARY KEY, name TEXT NOT NULL, row TEXT NOT NULL, due REAL NOT NULL);
CREATE TABLE events (id INTEGER PRIMARY KEY, row TEXT NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL, at TEXT NOT NULL);
"""
INSERT = "INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'new', ?, ?) RETURNING *"
READ = "SELECT * FROM items WHERE id = ? AND (published = 1 OR owner = ?)"
MOVE = "UPDATE items SET status = 'queued', updated_at = ? WHERE id = ? AND owner = ? AND status IN ('new', 'done') RETURNING *"
COMMAND = "INSERT INTO commands (name, row, due) VALUES ('bench.noop', ?, ?)"
EVENT = "INSERT INTO events (row, kind, data, at) VALUES (?, 'moved', ?, ?)"

PROPERTIES: dict[str, Any] = {
    "name": {"type": "string", "minLength": 3, "maxLength": 100, "pattern": NAME_PATTERN},
    "version": {"type": "string", "pattern": VERSION_PATTERN},
    "description": {"type": "string"},
    "compose_spec": {"type": "string"},
    "price": {"type": "integer", "minimum": 0},
    "published": {"type": "boolean"},
    "tags": {"type": "array", "items": {"type": "string"}},
}
SORTS = {"price": "price", "-price": "price DESC", "name": "name", "-created_at": "created_at DESC"}


class Refused(Exception):
    """An answer that is an error: status and title."""

    def __init__(self, status: int, title: str) -> None:
        super().__init__(title)
        self.status, self.title = status, title


def _validator(required: list[str]) -> jsonschema_rs.Draft202012Validator:
    values = {"type": "object", "required": required, "properties": PROPERTIES, "additionalProperties": False}
    resource = {
        "type": "object",
        "required": ["type", "attributes"],
        "properties": {"type": {"const": TYPE}, "id": {"type": "string"}, "attributes": values},
    }
    return jsonschema_rs.Draft202012Validator({"type": "object", "required": ["data"], "properties": {"data": resource}})


NEW, CHANGED = _validator(["name", "version"]), _validator([])


def connect(path: Path, sync: str) -> sqlite3.Connection:
    """Open the database as a careful author would; `sync` is `normal` or `full`."""
    connection = sqlite3.connect(path, isolation_level=None, cached_statements=256, timeout=10)
    for setting in ("journal_mode=wal", f"synchronous={sync}", "temp_store=memory", "cache_size=-32000", "foreign_keys=on"):
        connection.execute(f"PRAGMA {setting}")
    return connection


def seed(path: Path, rows: int) -> tuple[str, ...]:
    """Make the database with `rows` items and return their ids."""
    connection = connect(path, "normal")
    connection.executescript(TABLES)
    connection.execute("BEGIN")
    connection.execute("INSERT INTO users VALUES (?, ?)", (USER, "bench@example.org"))
    ids = tuple(_insert(connection, attributes(number), USER)[0] for number in range(rows))
    connection.execute("COMMIT")
    connection.close()
    return ids


def token(user: str = USER) -> str:
    """A signed token (JWT, HS256) for `user`."""
    claims = orjson.dumps({"id": user, "exp": int(time.time()) + TOKEN_LIFE})
    message = _base64(b'{"alg":"HS256"}') + b"." + _base64(claims)
    return (message + b"." + _base64(hmac.digest(KEY, message, "sha256"))).decode()


def _base64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _insert(connection: sqlite3.Connection, values: dict[str, Any], owner: str) -> Any:
    now = _now()
    row = (
        os.urandom(10).hex(),
        values["name"],
        values["version"],
        values.get("description", ""),
        values.get("compose_spec", ""),
        values.get("price", 0),
        values.get("published", False),
        orjson.dumps(values.get("tags", [])).decode(),
        owner,
        now,
        now,
    )
    return connection.execute(INSERT, row).fetchall()[0]


def _user(request: Request) -> str:
    """The id of the user whose valid token the request carries, empty for nobody."""
    message, _, signature = request.headers.get("authorization", "").removeprefix("Bearer ").encode().rpartition(b".")
    if not hmac.compare_digest(_base64(hmac.digest(KEY, message, "sha256")), signature):
        return ""
    payload = message.split(b".")[1]
    claims = orjson.loads(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))
    if claims["exp"] < time.time():
        return ""
    found = request.app.state.database.execute("SELECT id FROM users WHERE id = ?", (claims["id"],)).fetchall()
    return str(found[0][0]) if found else ""


async def _values(request: Request, validator: jsonschema_rs.Draft202012Validator) -> dict[str, Any]:
    try:
        body = orjson.loads(await request.body())
    except ValueError as error:
        raise Refused(400, "The body is not JSON") from error
    problem = next(validator.iter_errors(body), None)
    if problem is not None:
        raise Refused(422, problem.message)
    values: dict[str, Any] = body["data"]["attributes"]
    return values


def _resource(row: Any) -> dict[str, Any]:
    values = {
        "name": row[1],
        "version": row[2],
        "description": row[3],
        "compose_spec": row[4],
        "price": row[5],
        "published": bool(row[6]),
        "tags": orjson.Fragment(row[7]),
        "status": row[9],
        "created_at": row[10],
        "updated_at": row[11],
    }
    return {"type": TYPE, "id": row[0], "attributes": values, "links": {"self": f"/{TYPE}/{row[0]}"}}


def _answer(content: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type=MEDIA_TYPE)


def _one(rows: list[Any], status: int = 200) -> Response:
    if not rows:
        raise Refused(404, "Not found")
    return _answer({"data": _resource(rows[0])}, status)


async def get(request: Request) -> Response:
    """One row by its id."""
    return _one(request.app.state.database.execute(READ, (request.path_params["id"], _user(request))).fetchall())


async def page(request: Request) -> Response:
    """A page of rows, filtered and sorted."""
    query, conditions = request.query_params, "(published = 1 OR owner = ?)"
    values: list[str | bool] = [_user(request)]
    if "filter[published]" in query:
        conditions += " AND published = ?"
        values.append(query["filter[published]"] == "true")
    order = SORTS.get(query.get("sort", "-created_at"))
    size = query.get("page[size]", "30")
    if order is None or not size.isdecimal():
        raise Refused(400, "Unknown sort or page size")
    sql = f"SELECT * FROM items WHERE {conditions} ORDER BY {order} LIMIT {min(int(size), MAX_PAGE)}"
    return _answer({"data": [_resource(row) for row in request.app.state.database.execute(sql, values).fetchall()]})


async def create(request: Request) -> Response:
    """A new row, owned by the caller."""
    user, values = _user(request), await _values(request, NEW)
    if not user:
        raise Refused(403, "Sign in first")
    return _one([_insert(request.app.state.database, values, user)], 201)


async def patch(request: Request) -> Response:
    """Change attributes of an own row."""
    user, values = _user(request), await _values(request, CHANGED)
    if "tags" in values:
        values["tags"] = orjson.dumps(values["tags"]).decode()
    changes = ", ".join(f"{name} = ?" for name in (*values, "updated_at"))
    sql = f"UPDATE items SET {changes} WHERE id = ? AND owner = ? RETURNING *"
    parameters = (*values.values(), _now(), request.path_params["id"], user)
    return _one(request.app.state.database.execute(sql, parameters).fetchall())


async def move(request: Request) -> Response:
    """Queue an own row: state, command and event commit together or not at all."""
    database, row_id, user, now = request.app.state.database, request.path_params["id"], _user(request), _now()
    database.execute("BEGIN IMMEDIATE")
    with database:
        rows = database.execute(MOVE, (now, row_id, user)).fetchall()
        if rows:
            database.execute(COMMAND, (row_id, time.time()))
            database.execute(EVENT, (row_id, '{"to":"queued"}', now))
    if not rows:
        raise Refused(409, "Not movable")
    return _one(rows, 202)


async def ready(_: Request) -> Response:
    """The server is up."""
    return Response(b"{}")


async def _refuse(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return _answer({"errors": [{"status": str(error.status), "title": error.title}]}, error.status)


@contextlib.asynccontextmanager
async def _lifespan(application: Starlette) -> AsyncIterator[None]:
    application.state.database = connect(Path(os.environ["FLOOR_DATABASE"]), os.environ["FLOOR_SYNC"])
    yield
    application.state.database.close()


application = Starlette(
    routes=[
        Route("/ready", ready),
        Route("/items/{id}", get, methods=["GET"]),
        Route("/items/{id}", patch, methods=["PATCH"]),
        Route("/items/{id}/go", move, methods=["POST"]),
        Route("/items", page, methods=["GET"]),
        Route("/items", create, methods=["POST"]),
    ],
    lifespan=_lifespan,
    exception_handlers={Refused: _refuse},
)
