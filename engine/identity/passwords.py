"""Passwords: what is accepted, and Argon2id, in a few threads of their own.

Checking one is slow on purpose and takes 19 MiB of memory. So a handful of threads do it, a bounded number wait, and the
rest are told to try again: a flood of sign-ins can neither eat the memory nor hold up anything else.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from engine.ambient import Ambient
from engine.errors import Invalid, Unavailable

Result = TypeVar("Result")

SHORTEST, LONGEST = 8, 1024
MEMORY, PASSES, LANES = 19_456, 2, 1
"""KiB, passes over it, lanes: the recommendation of OWASP for Argon2id."""

SALT, LENGTH = 16, 32
PARAMETERS = f"$argon2id$v=19$m={MEMORY},t={PASSES},p={LANES}$"
NOBODY = f"{PARAMETERS}{'A' * 22}${'A' * 43}"
"""What the passwords of people who do not exist are held against: it takes as long, and nothing fits."""

THREADS, WAITING = 2, 64

_WORDS = """
12345678 123456789 1234567890 password password1 password12 password123 passw0rd p@ssw0rd p@ssword qwertyuiop
qwerty123 qwerty1234 1q2w3e4r 1q2w3e4r5t 1qaz2wsx qazwsxedc zaq12wsx iloveyou sunshine princess football
baseball superman batman123 trustno1 welcome1 welcome123 letmein1 letmein123 admin123 admin1234 administrator
changeme changeme1 changeit default1 11111111 111111111 00000000 88888888 12341234 11223344 123123123 87654321
987654321 12345679 abcd1234 abc12345 asdfghjk asdfghjkl asdf1234 computer internet whatever starwars michelle
jennifer test1234 testtest secret123 master123 hosterhoster
"""

COMMON = frozenset(_WORDS.split())
"""The commonest passwords of at least eight characters, as lists of leaked ones have them."""


class Busy(Unavailable):
    """Too many passwords wait to be checked."""

    code, title = "too_busy", "Too much to do just now"


class Passwords:
    """See the module."""

    def __init__(self, ambient: Ambient) -> None:
        self._ambient = ambient
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="password")
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """The password as it is kept, in PHC form; raises `Invalid` for one that is not accepted."""
        text = accepted(password)
        return await self._in_thread(lambda: self._hash(text))

    async def matches(self, password: str, kept: str | None) -> bool:
        """Whether it is the password; with nothing kept it takes as long, and is not."""
        text = normal(password) if len(password) <= LONGEST else ""
        return await self._in_thread(lambda: self._verify(text, kept or NOBODY)) and kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether it was kept with other parameters than are used now."""
        return not kept.startswith(PARAMETERS)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(cancel_futures=True)

    def _hash(self, text: str) -> str:
        salt = self._ambient.random_bytes(SALT)
        made = Argon2id(salt=salt, length=LENGTH, iterations=PASSES, lanes=LANES, memory_cost=MEMORY)
        return made.derive_phc_encoded(text.encode())

    def _verify(self, text: str, kept: str) -> bool:
        try:
            Argon2id.verify_phc_encoded(text.encode(), kept)
        except InvalidKey:
            return False
        return True

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        if self._waiting >= WAITING:
            raise Busy("Too many people sign in just now; try again in a few seconds")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


def normal(password: str) -> str:
    """One form for what looks and is meant the same, however a keyboard wrote it."""
    return unicodedata.normalize("NFKC", password)


def accepted(password: str) -> str:
    """The password in its one form; raises `Invalid` when it is too short, too long or too common."""
    if len(password) > LONGEST:
        raise Invalid(f"A password may have at most {LONGEST} characters", code="too_long", pointer="/password")
    text = normal(password)
    if len(text) < SHORTEST:
        raise Invalid(f"A password must have at least {SHORTEST} characters", code="too_short", pointer="/password")
    if text.lower() in COMMON or len(set(text)) == 1:
        raise Invalid("This password is among the first that anybody tries", code="common_password", pointer="/password")
    return text
