"""Recurring work. Importing this package registers it."""

from workers import leftovers, nodes

__all__ = ["leftovers", "nodes"]
