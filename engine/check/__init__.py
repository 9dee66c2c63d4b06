"""What definitions promise, proven before anything runs: function names, lifecycles, the examples of access, and that what
they speak of can happen at all."""

from engine.check.checking import check
from engine.check.diagram import mermaid
from engine.check.functions import Known
from engine.check.hints import hints

__all__ = ["Known", "check", "hints", "mermaid"]
