"""What charts drawn by the server have in common."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, or one part of it, in the chart's units from its top left corner."""

    style: str
    x: int
    y: int
    height: int
