"""The commands for resources of whatever type: `get`, `describe`, `create`, `set`, `do`, `delete`, `watch`, `wait`, `history`.

They talk the HTTP API and nothing else, to a server that runs or to the application assembled in this process. What types
there are, what they hold and what can be done with them comes from `/api/v1/schema` each time, so a type that was made a
minute ago has all commands. Nothing here knows a type by name.
"""
