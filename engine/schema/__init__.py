"""From the model to tables: one table a resource type, and the engine's own.

The engine's own tables begin with an underscore, which no resource type can.
"""

from engine.schema.prepare import prepare
from engine.schema.resource_tables import resource_table
from engine.schema.system_tables import SYSTEM_TABLES

__all__ = ["SYSTEM_TABLES", "prepare", "resource_table"]
