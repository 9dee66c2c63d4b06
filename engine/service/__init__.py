"""The one way in: access, validation, checks and the store, in that order. API, UI, CLI and workers all call this."""

from engine.service.done import Done
from engine.service.inclusion import Included
from engine.service.once import Kept, Once, Replay
from engine.service.seen import Seen
from engine.service.service import Page, Service

__all__ = ["Done", "Included", "Kept", "Once", "Page", "Replay", "Seen", "Service"]
