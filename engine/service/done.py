"""What a write has done."""

from __future__ import annotations

from dataclasses import dataclass

from engine.service.seen import Seen
from engine.store.unit import Effect


@dataclass(frozen=True, slots=True)
class Done:
    """What a write did: one resource for each change, None for one that is gone, and all effects in their order."""

    seen: tuple[Seen | None, ...]
    effects: tuple[Effect, ...]
