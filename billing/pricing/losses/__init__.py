"""What sells below MazBot's cost: prices of centers, and their plans."""

from billing.pricing.losses.alert import check_losses
from billing.pricing.losses.listed import Losing, losing_prices
from billing.pricing.losses.plans import LosingPlan, PlanLosses, losing_plans

__all__ = ["Losing", "LosingPlan", "PlanLosses", "check_losses", "losing_plans", "losing_prices"]
