"""Codes of a few digits that a person enters to prove an address, a phone or another place."""

import unicodedata

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def plain_digits(text: str) -> str:
    """The digits of a typed code as 0 to 9, in any script, without spaces and direction marks."""
    return "".join(str(unicodedata.decimal(sign)) for sign in text[:100] if sign.isdecimal())


def wrong_code(left: int) -> str:
    """The sentence for a wrong code, with the attempts that are left."""
    if left <= 0:
        return _("This code is incorrect and no longer works. Send a new one.")
    return ngettext(
        "This code is incorrect. You have %(count)d attempt left.",
        "This code is incorrect. You have %(count)d attempts left.",
        left,
    ) % {"count": left}
