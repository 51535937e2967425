"""Plans: selling them, and what of a month's messages is included and beyond."""

from billing.plans.changing import add_plan, add_terms, archive_plan
from billing.plans.choosing import choose_plan
from billing.plans.months import Part, PlanMonth, PlanMonths

__all__ = [
    "Part",
    "PlanMonth",
    "PlanMonths",
    "add_plan",
    "add_terms",
    "archive_plan",
    "choose_plan",
]
