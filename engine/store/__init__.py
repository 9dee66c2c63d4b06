"""Create, read, list, update, delete, move; one unit of work is rows, events and commands in one transaction."""

from engine.store.layout import MASK, Layout, Record, Sealed
from engine.store.query import Filter, ListQuery, Operator, Order, Place, place_of, unique_order
from engine.store.store import Store, Taken
from engine.store.type_store import TypeStore
from engine.store.unit import Stale, Unit

__all__ = [
    "MASK",
    "Filter",
    "Layout",
    "ListQuery",
    "Operator",
    "Order",
    "Place",
    "Record",
    "Sealed",
    "Stale",
    "Store",
    "Taken",
    "TypeStore",
    "Unit",
    "place_of",
    "unique_order",
]
