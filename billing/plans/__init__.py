"""Plans: selling them, and what of a month's messages is included and beyond."""

from billing.plans.below_cost import loss_of_terms
from billing.plans.changing import add_plan, add_terms, archive_plan, holders
from billing.plans.choosing import choose_plan, loss_of_choice
from billing.plans.months import Part, PlanMonth, PlanMonths

__all__ = [
    "Part",
    "PlanMonth",
    "PlanMonths",
    "add_plan",
    "add_terms",
    "archive_plan",
    "choose_plan",
    "holders",
    "loss_of_choice",
    "loss_of_terms",
]
