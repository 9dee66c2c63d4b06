"""Who is asking: from a request's credentials to an `Actor`."""

from engine.identity.identity import Identity
from engine.identity.tokens import Tokens

__all__ = ["Identity", "Tokens"]
