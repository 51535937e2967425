"""The types of MazBot's rate lists that are known, with names for people; what the name of another one suggests.

MazBot's list of types is open, and it writes one type in several ways: `marketing`, `Marketing Messages`. A type that
is not known is shown as MazBot writes it.
"""

import re
from dataclasses import dataclass
from functools import cache

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from billing.models import Category, Interval, RateClass

_YEAR_WORDS = ("year", "annual", "annum", "سنوي", "سنة")
_SUBSCRIPTION_WORDS = ("subscription", "subscribe", "monthly", "yearly", "annual", "plan", "rental", "اشتراك")
_ONCE_WORDS = (
    "setup",
    "set-up",
    "activation",
    "one-off",
    "one_off",
    "onetime",
    "one-time",
    "one_time",
    "تأسيس",
)
_BETWEEN = re.compile(r"[\W_]+")
#: What may follow a type's own name.
_ENDINGS = ("_messages", "_message", "_conversations", "_conversation", "_msg", "_fee", "_fees")


@dataclass(frozen=True, slots=True)
class KnownType:
    """A type: how it is written in rate lists (in the form of `_plain`), its name, and what it is."""

    written: tuple[str, ...]
    name: str | Promise
    counts_as: RateClass = RateClass.MESSAGE


#: Message categories of WhatsApp, kinds of messages, and what else providers charge for.
KNOWN = (
    KnownType(("marketing", "promotional"), _("Marketing messages")),
    KnownType(("marketing_lite",), _("Marketing messages without optimization")),
    KnownType(("utility", "transactional"), _("Utility messages")),
    KnownType(("authentication", "auth", "otp"), _("Authentication messages")),
    KnownType(
        ("authentication_international", "auth_international", "international_authentication"),
        _("International authentication messages"),
    ),
    KnownType(("service", "session", "user_initiated"), _("Service messages")),
    KnownType(("business_initiated",), _("Messages you start")),
    KnownType(("referral_conversion", "free_entry_point", "click_to_whatsapp"), _("Messages after an ad")),
    KnownType(("template",), _("Template messages")),
    KnownType(("text",), _("Text messages")),
    KnownType(("media",), _("Media messages")),
    KnownType(("image",), _("Image messages")),
    KnownType(("video",), _("Video messages")),
    KnownType(("audio", "voice"), _("Voice messages")),
    KnownType(("document", "file"), _("Document messages")),
    KnownType(("location",), _("Location messages")),
    KnownType(("interactive", "buttons", "list"), _("Interactive messages")),
    KnownType(("broadcast", "campaign", "bulk"), _("Broadcast messages")),
    KnownType(("incoming", "inbound", "received"), _("Received messages")),
    KnownType(("outgoing", "outbound", "sent"), _("Sent messages")),
    KnownType(("sms",), _("SMS messages")),
    KnownType(
        ("monthly_subscription", "subscription_monthly", "subscription_month", "monthly"),
        _("Monthly subscription"),
        RateClass.MONTH,
    ),
    KnownType(
        (
            "yearly_subscription",
            "subscription_yearly",
            "annual_subscription",
            "subscription_annual",
            "yearly",
        ),
        _("Yearly subscription"),
        RateClass.YEAR,
    ),
    KnownType(("monthly_plan", "plan_monthly"), _("Monthly plan"), RateClass.MONTH),
    KnownType(("yearly_plan", "plan_yearly", "annual_plan"), _("Yearly plan"), RateClass.YEAR),
    KnownType(("subscription", "number_subscription"), _("Subscription"), RateClass.MONTH),
    KnownType(("number_rental", "rental"), _("Number rental"), RateClass.MONTH),
    KnownType(("setup", "set_up", "one_time_setup", "setup_once"), _("Setup fee"), RateClass.ONCE),
    KnownType(("activation", "number_activation"), _("Activation fee"), RateClass.ONCE),
    KnownType(("registration", "number_registration"), _("Registration fee"), RateClass.ONCE),
    KnownType(("business_verification", "green_tick"), _("Verification fee"), RateClass.ONCE),
)


def known_type(rate_type: str) -> KnownType | None:
    """The known type that MazBot writes like this; None of another one."""
    plain = _plain(rate_type)
    found = _by_name().get(plain)
    if found is None:
        stems = (plain.removesuffix(ending) for ending in _ENDINGS if plain.endswith(ending))
        found = next((_by_name()[stem] for stem in stems if stem in _by_name()), None)
    return found


def type_name(rate_type: str) -> str:
    """`Marketing messages` in the active language; a type that is not known as MazBot writes it."""
    found = known_type(rate_type)
    return str(found.name) if found else rate_type


def guess_class(rate_type: str) -> RateClass:
    """What a type is until staff decide: what is known of it, else what its name suggests."""
    found = known_type(rate_type)
    if found:
        return found.counts_as
    name = rate_type.casefold()
    if any(word in name for word in _SUBSCRIPTION_WORDS):
        return RateClass(guess_interval(rate_type))
    return RateClass.ONCE if any(word in name for word in _ONCE_WORDS) else RateClass.MESSAGE


def guess_category(rate_type: str) -> str:
    """Whether a type's name suggests a message or a subscription; staff can decide otherwise."""
    is_message = guess_class(rate_type) == RateClass.MESSAGE
    return Category.MESSAGE if is_message else Category.SUBSCRIPTION


def guess_interval(rate_type: str) -> Interval:
    """Whether a subscription's name suggests a yearly one; staff can decide otherwise."""
    name = rate_type.casefold()
    return Interval.YEAR if any(word in name for word in _YEAR_WORDS) else Interval.MONTH


def _plain(rate_type: str) -> str:
    """`setup_fee` for `Setup-Fee `: without case, and with one mark between words."""
    return _BETWEEN.sub("_", rate_type.casefold()).strip("_")


@cache
def _by_name() -> dict[str, KnownType]:
    return {written: known for known in KNOWN for written in known.written}
