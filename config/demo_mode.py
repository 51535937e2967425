"""Whether an install is a demo. Imports no Django: settings and the supervisor ask.

In a demo the passwords are public, everybody who signs in can move the clock by which customers are billed and switched
off, and MazBot may be anywhere. So it takes more than one forgotten variable to make a demo of a real install.
"""

from centers.hosts import on_this_machine

OFF, ON = frozenset({"", "0", "false", "no", "off"}), frozenset({"1", "true", "yes", "on"})
PUBLIC = "public"
WHY = (
    "In a demo the passwords are public, and everybody who signs in can move the clock by which customers are billed "
    "and switched off. Set MARKAZ_DEMO=0."
)


class NoDemoHere(Exception):
    """What was asked for would make a demo of a real install; the message is a sentence for the operator."""


def at_home(variable: str, value: bool, site_url: str) -> bool:
    """`value` of a switch that takes guards away. Raises NoDemoHere where it is on and the pages are for others."""
    if value and not on_this_machine(site_url):
        raise NoDemoHere(
            f"{variable}=1 does not go with SITE_URL={site_url}: it is for a developer's own machine."
        )
    return value


def is_demo(value: str, site_url: str) -> bool:
    """What MARKAZ_DEMO says. Raises NoDemoHere where the pages are meant for others and `public` was not said."""
    word = value.strip().lower()
    if word in OFF:
        return False
    if word not in ON | {PUBLIC}:
        raise NoDemoHere(f"MARKAZ_DEMO is {value!r}; it is 0, 1 or {PUBLIC}.")
    if word != PUBLIC and not on_this_machine(site_url):
        raise NoDemoHere(
            f"MARKAZ_DEMO=1 does not go with SITE_URL={site_url}. {WHY} (MARKAZ_DEMO={PUBLIC} if it is a demo "
            "that everybody may play with.)"
        )
    return True
