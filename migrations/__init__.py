"""Data migrations and the seed data; table changes come from the definitions. Importing this package registers the seeds."""

from pathlib import Path

from engine.commands.registry import seed

seed(Path(__file__).with_name("seed.yaml"))
