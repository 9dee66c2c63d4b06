"""The cookies of a session, and what keeps other sites from using them: the browser sends cookies whoever wrote the page.

The session's cookie can be read by no script. Writes must carry, in a header that no other site can set, a value worked out
from the session; pages of ours find it in a second cookie. Where the browser says from which site a request comes, it must
be this one.
"""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from urllib.parse import urlsplit

from engine.errors import Forbidden
from engine.identity.gateway import Credentials

NAME = b"hoster_session"
SECURE_NAME = b"__Host-" + NAME
CSRF_NAME = b"hoster_csrf"
CSRF_HEADER = b"x-csrf-token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

ORIGIN, SITE, HOST = b"origin", b"sec-fetch-site", b"host"
FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-real-ip", b"via")
LONGEST = 512


class Cookies:
    """Names and sets them. `always` is whether they are only ever sent encrypted, also on this machine."""

    def __init__(self, always: bool) -> None:
        self._always = always

    def token(self, request: Credentials, cookie: bytes) -> bytes | None:
        """The session's token in a Cookie header. The plain name, which another site below the same domain could set, counts
        only where the secure one cannot be used."""
        if NAME not in cookie:
            return None
        found = _values(cookie)
        if SECURE_NAME in found:
            return found[SECURE_NAME]
        return found.get(NAME) if NAME in found and self.is_plain(request) else None

    def is_plain(self, request: Credentials) -> bool:
        """Whether a request came in clear from this very machine, by a name for it: the one case without encryption."""
        if self._always or not _is_loopback(request.peer):
            return False
        headers = request.headers
        if any(name in headers for name in FORWARDED) or headers.get(ORIGIN, b"").startswith(b"https:"):
            return False
        host = _host(headers.get(HOST, b""))
        return host == "localhost" or _is_loopback(host)

    def set(self, request: Credentials, token: str, csrf: str, seconds: float) -> tuple[tuple[bytes, bytes], ...]:
        """The headers that give a browser a session."""
        plain, age = self.is_plain(request), int(seconds)
        name = NAME if plain else SECURE_NAME
        more = b"Path=/; SameSite=Lax; Max-Age=%d%s" % (age, b"" if plain else b"; Secure")
        return (
            (b"set-cookie", b"%s=%s; HttpOnly; %s" % (name, token.encode(), more)),
            (b"set-cookie", b"%s=%s; %s" % (CSRF_NAME, csrf.encode(), more)),
        )

    def clear(self, request: Credentials) -> tuple[tuple[bytes, bytes], ...]:
        """The headers that take it away."""
        return self.set(request, "", "", 0)


def guard(request: Credentials, csrf: str) -> None:
    """Refuse a write that a page of another site may have caused."""
    if request.method in SAFE_METHODS:
        return
    same_site(request)
    if not hmac.compare_digest(request.headers.get(CSRF_HEADER, b""), csrf.encode()):
        raise Forbidden("Send the header X-CSRF-Token with the value of the cookie hoster_csrf", code="csrf")


def same_site(request: Credentials) -> None:
    """Refuse what a browser says to come from another site. Its own word counts more than a host name on the way here."""
    site, origin = request.headers.get(SITE), request.headers.get(ORIGIN)
    if site is not None:
        good = site in (b"same-origin", b"none")
    else:
        good = origin is None or origin.partition(b"://")[2].lower() == request.headers.get(HOST, b"").lower() != b""
    if not good:
        raise Forbidden("This request comes from a page of another site", code="csrf")


def _values(cookie: bytes) -> dict[bytes, bytes]:
    """The session cookies of a header; of two of one name the first, which was set for the narrower path."""
    found: dict[bytes, bytes] = {}
    for part in cookie.split(b";"):
        name, _, value = part.strip().partition(b"=")
        if name in (NAME, SECURE_NAME) and 0 < len(value) <= LONGEST:
            found.setdefault(name, value)
    return found


def _host(header: bytes) -> str:
    """The name in a Host header; empty where that is none."""
    try:
        return urlsplit("//" + header.decode("latin-1")).hostname or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False
