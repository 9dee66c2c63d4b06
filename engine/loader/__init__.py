"""Definition files → `engine.model.Definitions`, or every problem in them with its line and column."""

from engine.loader.language import language
from engine.loader.loading import Loaded, load
from engine.loader.problem import Problem

__all__ = ["Loaded", "Problem", "language", "load"]
