"""The grammar of image references: what a template may name, and how a reference is split for a pull."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST = r"(?:localhost|[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+|[a-zA-Z0-9.-]+(?=:[0-9])|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?"
_REFERENCE = re.compile(
    rf"(?:(?P<host>{_HOST})/)?(?P<name>{_PART}(?:/{_PART})*)(?::(?P<tag>[a-zA-Z0-9_][a-zA-Z0-9_.-]{{0,127}}))?"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
#: What an engine takes for an image that it has, by its id or the beginning of it.
_ID = re.compile(r"sha256:[0-9a-fA-F]*|[0-9a-fA-F]+|[0-9a-f]{64}:[^@/]*")
MAX_LENGTH = 400


@dataclass(frozen=True, slots=True)
class ImageReference:
    """An image's name in parts; `tag` is `latest` where neither tag nor digest is written."""

    host: str | None
    name: str
    tag: str | None
    digest: str | None

    @property
    def repository(self) -> str:
        """Host and name."""
        return f"{self.host}/{self.name}" if self.host else self.name

    @property
    def version(self) -> str:
        """The digest where there is one, else the tag: what to ask a registry for."""
        return self.digest or self.tag or "latest"

    @property
    def registry(self) -> str:
        """The registry it comes from, as people know it."""
        return self.host or "Docker Hub"


def parse_reference(text: str) -> ImageReference:
    """The parts of a reference; raises `ValueError` with a sentence for people."""
    if _ID.fullmatch(text):
        raise ValueError(
            f"{text[:100]!r} is the id of an image, and the node may hold images of others: name an image of a registry, "
            "with its tag, for example nginx:1.27"
        )
    match = _REFERENCE.fullmatch(text) if len(text) <= MAX_LENGTH else None
    if match is None:
        raise ValueError(f"{text[:100]!r} is not the name of an image: write for example nginx:1.27")
    tag, digest = match["tag"], match["digest"]
    return ImageReference(match["host"], match["name"], tag or (None if digest else "latest"), digest)
