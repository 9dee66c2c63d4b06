"""Data migrations and the seed data; table changes come from the definitions."""
