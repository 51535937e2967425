"""Setup steps of a new reseller; each app registers its own."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from centers.models import Center, Reseller
from centers.tenancy.permissions import Permission


@dataclass(frozen=True, kw_only=True)
class Step:
    """`done(reseller_id)` is called inside the tenant's scope; `order` sorts the steps of all apps."""

    order: int
    title: str | Promise
    text: str | Promise
    url_name: str
    permission: Permission
    done: Callable[[int], bool]


@dataclass(frozen=True)
class StepState:
    """A step of one reseller; `url` is empty for a person who may not do it."""

    step: Step
    done: bool
    url: str


_steps: list[Step] = []


def register_step(step: Step) -> None:
    """Add a step; called from the ready() of the app that owns its page."""
    _steps.append(step)


def steps_of(reseller: Reseller, permissions: frozenset[Permission]) -> list[StepState]:
    """All steps in order; an empty list once every one is done."""
    steps = [
        StepState(
            step,
            step.done(reseller.pk),
            reverse(step.url_name, args=[reseller.slug]) if step.permission in permissions else "",
        )
        for step in sorted(_steps, key=lambda step: step.order)
    ]
    return [] if all(state.done for state in steps) else steps


register_step(
    Step(
        order=20,
        title=_("Add your centers"),
        text=_("One by one, or all at once from a CSV file together with their numbers."),
        url_name="center_add",
        permission=Permission.MANAGE_CENTERS,
        done=lambda _reseller_id: Center.objects.exists(),
    )
)
