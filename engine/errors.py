"""Errors that people see: a class, a stable code, a public message; the private cause is logged and never sent.

Every public failure of the engine is a `HosterError`. `status` is the HTTP status the API answers with, `code` never
changes once released, `pointer` is a JSON pointer into the request body, `parameter` the name of a query parameter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

from engine.model import JSON


class HosterError(Exception):
    """Base of all public errors."""

    status: int = 500
    code: str = "internal_error"
    title: str = "Something went wrong on our side"
    headers: tuple[tuple[bytes, bytes], ...] = ()
    """Headers of the answer, besides those that every error has."""

    def __init__(
        self,
        detail: str,
        *,
        pointer: str | None = None,
        parameter: str | None = None,
        code: str | None = None,
        meta: Mapping[str, JSON] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.pointer = pointer
        self.parameter = parameter
        self.error_code = code or self.code
        self.meta = meta

    def document(self) -> dict[str, JSON]:
        """The JSON:API error object."""
        document: dict[str, JSON] = {
            "status": str(self.status),
            "code": self.error_code,
            "title": self.title,
            "detail": self.detail,
        }
        if self.pointer is not None:
            document["source"] = {"pointer": self.pointer}
        elif self.parameter is not None:
            document["source"] = {"parameter": self.parameter}
        if self.meta:
            document["meta"] = dict(self.meta)
        return document


class BadRequest(HosterError):
    """The request cannot be read: malformed JSON, an unknown parameter, a document of the wrong shape."""

    status, code, title = 400, "bad_request", "The request cannot be understood"


class Unauthenticated(HosterError):
    """Nobody is signed in, and this needs somebody."""

    status, code, title = 401, "unauthenticated", "Sign in first"


class Forbidden(HosterError):
    """The caller may see the resource but not do this to it."""

    status, code, title = 403, "forbidden", "Not allowed"


class NotFound(HosterError):
    """No such thing, or none that the caller may know of: the two look the same."""

    status, code, title = 404, "not_found", "Not found"


class MethodNotAllowed(HosterError):
    """The path exists, the method does not."""

    status, code, title = 405, "method_not_allowed", "Method not allowed"


class NotAcceptable(HosterError):
    """The caller accepts no form that the answer could have."""

    status, code, title = 406, "not_acceptable", "No acceptable form of the answer"


class Conflict(HosterError):
    """The write contradicts what is stored: a unique value taken, a state that has moved on, a row in use."""

    status, code, title = 409, "conflict", "This conflicts with the present state"


class Gone(HosterError):
    """What the request asks for was there once and is kept no longer."""

    status, code, title = 410, "gone", "No longer there"


class PreconditionFailed(HosterError):
    """The write was meant for a version of the row that is not the present one."""

    status, code, title = 412, "precondition_failed", "The resource has changed meanwhile"


class TooLarge(HosterError):
    """The request body is larger than the server accepts."""

    status, code, title = 413, "body_too_large", "The request is too large"


class UnsupportedMediaType(HosterError):
    """The request body is of a type that this path does not read."""

    status, code, title = 415, "unsupported_media_type", "Unsupported media type"


class Invalid(HosterError):
    """A value breaks a rule of its type."""

    status, code, title = 422, "invalid", "A value is not valid"


class HeadTooLarge(HosterError):
    """Address and headers are larger, or more, than the server reads."""

    status, code, title = 431, "head_too_large", "Address and headers are too large"


class RequestTimeout(HosterError):
    """The request did not come in the time that the server waits for one."""

    status, code, title = 408, "request_timeout", "The request took too long to come"


class TooManyConnections(HosterError):
    """The server has as many connections as it may."""

    status, code, title = 503, "too_many_connections", "Too many connections"
    headers = ((b"retry-after", b"1"),)


class TooMany(HosterError):
    """The caller does this more often than the server lets one caller do it; `wait` is in seconds."""

    status, code, title = 429, "rate_limited", "Too many requests"

    def __init__(self, wait: float) -> None:
        seconds = max(1, ceil(wait))
        super().__init__(f"That is more often than the server allows; try again in {seconds} s", meta={"retry_after": seconds})
        self.headers = ((b"retry-after", str(seconds).encode()),)


class Unavailable(HosterError):
    """Something the answer depends on does not respond just now."""

    status, code, title = 503, "unavailable", "Temporarily unavailable"


class Many(HosterError):
    """Several problems of one request, reported together under the status of the first."""

    code = "many"

    def __init__(self, problems: Sequence[HosterError]) -> None:
        super().__init__("; ".join(problem.detail for problem in problems))
        self.problems = tuple(problems)
        self.status = problems[0].status
