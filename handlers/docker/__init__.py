"""Docker: compose files read, checked and carried out on a node's engine.

Importing this package registers the commands `docker.start`, `docker.stop` and `docker.remove`, the reads `docker.health` and
`docker.logs`, and the checks `docker.compose`, `docker.variables` and `docker.config_files`. It does not import the SDK.
"""

from handlers.docker import registration

__all__ = ["registration"]
