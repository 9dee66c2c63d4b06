"""What the API says about itself, made from the definitions: OpenAPI, the resource types as data, a page for people.

Nothing here answers a question about a row. Everything is made when it is first asked for, so that a start costs nothing.
"""

from engine.api.description.endpoints import Description

__all__ = ["Description"]
