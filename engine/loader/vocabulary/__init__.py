"""Every keyword of the definition language with its shape and the sentence that explains it, one table per mapping."""

from engine.loader.vocabulary.attribute import ATTRIBUTE, PARAMETER
from engine.loader.vocabulary.lifecycle import LIFECYCLE, STATE, TRANSITION
from engine.loader.vocabulary.relationship import RELATIONSHIP
from engine.loader.vocabulary.top import LIMIT, READ, TOP, VIEW

__all__ = ["ATTRIBUTE", "LIFECYCLE", "LIMIT", "PARAMETER", "READ", "RELATIONSHIP", "STATE", "TOP", "TRANSITION", "VIEW"]
