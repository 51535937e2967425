"""Whether an install is a demo. Imports no Django, because settings and the supervisor use it.

In a demo the passwords are public, everyone who signs in can move the clock by which customers are billed and
suspended, and MazBot may be anywhere. So one forgotten variable must not turn a real install into a demo.
"""

from centers.hosts import on_this_machine

OFF, ON = frozenset({"", "0", "false", "no", "off"}), frozenset({"1", "true", "yes", "on"})
PUBLIC = "public"
WHY = (
    "In a demo the passwords are public, and everyone who signs in can move the clock by which customers are billed "
    "and suspended. Set MARKAZ_DEMO=0."
)


class NoDemoHere(Exception):
    """The settings would turn a real install into a demo; the message is for the operator."""


def at_home(variable: str, value: bool, site_url: str) -> bool:
    """`value` of a switch that removes safeguards. Raises NoDemoHere when it is on and the pages are for others."""
    if value and not on_this_machine(site_url):
        raise NoDemoHere(
            f"{variable}=1 does not go with SITE_URL={site_url}: it is for a developer's own machine."
        )
    return value


def is_demo(value: str, site_url: str) -> bool:
    """The value of MARKAZ_DEMO. Raises NoDemoHere when the pages are meant for others and `public` was not given."""
    setting = value.strip().lower()
    if setting in OFF:
        return False
    if setting not in ON | {PUBLIC}:
        raise NoDemoHere(f"MARKAZ_DEMO is {value!r}; it is 0, 1 or {PUBLIC}.")
    if setting != PUBLIC and not on_this_machine(site_url):
        raise NoDemoHere(
            f"MARKAZ_DEMO=1 does not go with SITE_URL={site_url}. {WHY} (MARKAZ_DEMO={PUBLIC} if it is a demo "
            "that everyone may use.)"
        )
    return True
