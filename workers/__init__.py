"""Recurring work. Importing this package registers it."""

from workers import nodes

__all__ = ["nodes"]
