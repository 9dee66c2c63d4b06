"""What definitions promise, proven before anything runs: function names, lifecycles, and the examples of access."""

from engine.check.checking import Known, check
from engine.check.diagram import mermaid

__all__ = ["Known", "check", "mermaid"]
