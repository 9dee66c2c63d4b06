"""The event log as people may read it: entries, who may see what of them, and the feed that hands them out as they come."""

from engine.service.events.entry import Entry
from engine.service.events.feed import Feed, Watcher
from engine.service.events.log import CursorExpired, EventLog, Interest
from engine.service.events.views import Change, Views

__all__ = ["Change", "CursorExpired", "Entry", "EventLog", "Feed", "Interest", "Views", "Watcher"]
