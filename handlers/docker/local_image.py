"""Two tiny images made on this machine without any network, for the demo and the tests.

`hoster/hello:1` serves a page that greets; `hoster/test:1` is a shell with the usual small programs. Both hold nothing but
the machine's static busybox (Debian: package busybox-static) and a few lines of script.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handlers.docker.engine import EngineFault, connect, translated
from handlers.docker.engine_setup import DEFAULT_SOCKET

if TYPE_CHECKING:
    from docker import DockerClient

HELLO = "hoster/hello:1"
TEST = "hoster/test:1"
BUSYBOX = Path("/bin/busybox")
CONTENT_LABEL = "hoster.image"

PAGE = """<!doctype html>
<meta charset="utf-8">
<title>Hello</title>
<h1>${GREETING}</h1>
"""

#: Fills the greeting into the page once, escaped for HTML and for sed, and serves it. The shell stays the first process
#: because busybox's server ignores the signal that asks it to end.
SERVE = r"""#!/bin/sh
set -e
trap 'exit 0' TERM INT
root=/tmp/www
mkdir -p "$root"
html='s/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g'
text=$(printf '%s' "${GREETING:-Hello}" | tr '\n\r' '  ' | sed -e "$html" -e 's/[\\/&]/\\&/g')
for page in /www/*; do
  sed -e "s/\${GREETING}/$text/g" "$page" > "$root/$(basename "$page")"
done
echo "serving on port ${PORT:-80}"
httpd -f -p "${PORT:-80}" -h "$root" &
wait $!
"""


class BusyboxMissing(RuntimeError):
    """There is no static busybox on this machine."""


def ensure_hello(client: DockerClient | None = None) -> str:
    """Have `hoster/hello:1` in the engine; its name."""
    files = {"www/index.html": (PAGE, 0o644), "bin/serve": (SERVE, 0o755)}
    changes = [
        'CMD ["/bin/serve"]',
        "EXPOSE 80",
        "HEALTHCHECK --interval=1s --timeout=3s --retries=10 CMD wget -q -O /dev/null http://127.0.0.1:${PORT:-80}/ || exit 1",
    ]
    return _ensure(HELLO, files, changes, client)


def ensure_test(client: DockerClient | None = None) -> str:
    """Have `hoster/test:1` in the engine; its name."""
    return _ensure(TEST, {}, ['CMD ["/bin/sh"]'], client)


def _ensure(name: str, files: Mapping[str, tuple[str, int]], changes: Sequence[str], client: DockerClient | None) -> str:
    engine = client or connect(DEFAULT_SOCKET)
    try:
        rootfs = _rootfs(files)
        content = hashlib.sha256(rootfs + "\n".join(changes).encode()).hexdigest()[:32]
        if _content(engine, name) != content:
            repository, _, tag = name.rpartition(":")
            labelled = [*changes, f"LABEL {CONTENT_LABEL}={content}"]
            translated(lambda: engine.api.import_image_from_data(rootfs, repository, tag, labelled))
    finally:
        if client is None:
            engine.close()
    return name


def _content(client: DockerClient, name: str) -> str | None:
    api: Any = client.api
    try:
        answer = translated(lambda: api.inspect_image(name))
    except EngineFault as fault:
        if fault.status == 404:
            return None
        raise
    content: str | None = ((answer.get("Config") or {}).get("Labels") or {}).get(CONTENT_LABEL)
    return content


def _rootfs(files: Mapping[str, tuple[str, int]]) -> bytes:
    """A tar with busybox under all its names, the folders that programs expect, and `files`; always the same bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for folder in ("bin", "dev", "etc", "proc", "root", "run", "sys", "usr", "usr/bin", "var", "www"):
            _add(tar, folder, kind=tarfile.DIRTYPE, mode=0o755)
        _add(tar, "tmp", kind=tarfile.DIRTYPE, mode=0o1777)
        _add(tar, "bin/busybox", _busybox(), mode=0o755)
        for program in _programs():
            _add(tar, f"bin/{program}", kind=tarfile.SYMTYPE, link="busybox")
        _add(tar, "etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/tmp:/bin/sh\n")
        _add(tar, "etc/group", b"root:x:0:\nnogroup:x:65534:\n")
        for path, (text, mode) in files.items():
            _add(tar, path, text.encode(), mode=mode)
    return buffer.getvalue()


def _add(
    tar: tarfile.TarFile, path: str, content: bytes = b"", *, kind: bytes = tarfile.REGTYPE, mode: int = 0o644, link: str = ""
) -> None:
    entry = tarfile.TarInfo(path)
    entry.type, entry.mode, entry.linkname, entry.size, entry.mtime = kind, mode, link, len(content), 0
    tar.addfile(entry, io.BytesIO(content))


def _busybox() -> bytes:
    try:
        return BUSYBOX.read_bytes()
    except OSError:
        raise BusyboxMissing(f"{BUSYBOX} is missing: install the package busybox-static") from None


def _programs() -> list[str]:
    listing = subprocess.run([str(BUSYBOX), "--list"], capture_output=True, text=True, check=True)  # noqa: S603 - a fixed program
    return sorted(set(listing.stdout.split()) - {"busybox"})


if __name__ == "__main__":
    print(f"{ensure_hello()} is on this machine")  # noqa: T201  a command's answer
