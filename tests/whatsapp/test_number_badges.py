"""The states of a number in words, on every page without loading a library."""

import pytest
from django.template import engines

from whatsapp.models import Instance


@pytest.mark.parametrize(
    ("service", "desired", "reason", "tries", "shown"),
    [
        ("enabled", "enabled", "", 0, "Enabled"),
        ("disabled", "disabled", "manual", 0, "Disabled"),
        ("disabled", "disabled", "non_payment", 0, "Suspended"),
        ("enabled", "disabled", "non_payment", 1, "Suspending"),
        ("enabled", "disabled", "manual", 1, "Disabling"),
        ("disabled", "enabled", "", 1, "Enabling"),
        ("enabled", "disabled", "non_payment", 5, "Not confirmed"),
    ],
)
def test_the_service_says_what_is_desired_and_what_is_confirmed(
    service: str, desired: str, reason: str, tries: int, shown: str
) -> None:
    number = Instance(
        service=service,
        desired_state=desired,
        desired_reason=reason,
        switch_attempts=tries,
        switch_error="MazBot: 500",
    )
    assert f"<span>{shown}</span>" in engines["django"].from_string("{% service_badge i %}").render(
        {"i": number}
    )
