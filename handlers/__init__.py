"""What commands do to the world outside. Importing this package registers every handler, check and served read."""

from handlers import deployments, docker

__all__ = ["deployments", "docker"]
