"""What an edit of the definition files will do to the rows, users and running work that are there: looked at, not done."""

from engine.schema.plan.change import CODES, Change
from engine.schema.plan.planning import Plan, make_plan

__all__ = ["CODES", "Change", "Plan", "make_plan"]
