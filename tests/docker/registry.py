"""A small image registry for tests, as the engine's pull protocol needs it: manifests and blobs over plain HTTP.

The engine speaks plain HTTP to registries on the loopback addresses. Names choose the behaviour: `good` has one image,
`broken` hands out another layer than it promises, `arm` is made for another processor, `denied` asks for a login.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from handlers.docker.local_image import BUSYBOX

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def digest(content: bytes) -> str:
    """As registries name content."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Images:
    """The manifests and blobs of the registry."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, bytes] = {}
        self.add("good", "amd64", b"")
        self.add("arm", "arm64", b"arm")
        promised = self.add("broken", "amd64", b"broken")
        self.blobs[promised] = self.blobs[promised][:-4] + b"xxxx"

    def add(self, name: str, architecture: str, extra: bytes) -> str:
        """Add an image of one layer with busybox in it; the layer's digest."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            for path, content in (("bin/sleep", BUSYBOX.read_bytes()), ("extra", extra)):
                entry = tarfile.TarInfo(path)
                entry.size, entry.mode = len(content), 0o755
                tar.addfile(entry, io.BytesIO(content))
        layer = gzip.compress(buffer.getvalue(), 1, mtime=0)
        config = {
            "architecture": architecture,
            "os": "linux",
            "config": {"Cmd": ["/bin/sleep", "60"], "Volumes": {"/var/lib/thing": {}}},
            "rootfs": {"type": "layers", "diff_ids": [digest(buffer.getvalue())]},
        }
        parts: list[dict[str, Any]] = []
        for kind, content in ((CONFIG, json.dumps(config).encode()), (LAYER, layer)):
            self.blobs[digest(content)] = content
            parts.append({"mediaType": kind, "size": len(content), "digest": digest(content)})
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": parts[0], "layers": parts[1:]}
        self.manifests[name] = json.dumps(manifest).encode()
        return str(parts[1]["digest"])


class Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD."""

    protocol_version = "HTTP/1.1"
    images: Images

    def do_GET(self) -> None:
        """Answer with what the path names."""
        name, _, rest = self.path.removeprefix("/v2/").partition("/")
        if self.path == "/v2/":
            self._answer(200, b"{}", "application/json")
        elif name == "denied":
            self._refuse(403, "DENIED", "requested access to the resource is denied")
        elif rest.startswith("blobs/") and rest.removeprefix("blobs/") in self.images.blobs:
            self._answer(200, self.images.blobs[rest.removeprefix("blobs/")], "application/octet-stream")
        elif name in self.images.manifests and rest in {"manifests/1", f"manifests/{digest(self.images.manifests[name])}"}:
            self._answer(200, self.images.manifests[name], MANIFEST)
        else:
            self._refuse(404, "MANIFEST_UNKNOWN", "manifest unknown")

    do_HEAD = do_GET  # noqa: N815 - the name is the base class's

    def _refuse(self, status: int, code: str, message: str) -> None:
        self._answer(status, json.dumps({"errors": [{"code": code, "message": message}]}).encode(), "application/json")

    def _answer(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Docker-Content-Digest", digest(content))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing: the engine first tries TLS, which shows as malformed requests."""


@contextmanager
def serve() -> Iterator[str]:
    """Run a registry; its address as it stands in image names."""
    handler = type("BoundHandler", (Handler,), {"images": Images()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
