"""The schema-driven resource engine: definitions in, tables, API, commands and events out.

It knows no resource type by name, and imports neither `handlers`, `workers` nor `ui`.
"""
