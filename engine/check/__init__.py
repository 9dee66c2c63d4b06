"""What definitions promise, proven before anything runs: function names, lifecycles, and the examples of access."""

from engine.check.checking import check
from engine.check.diagram import mermaid
from engine.check.functions import Known

__all__ = ["Known", "check", "mermaid"]
