"""Email addresses as accounts sign in with them, which two of them are the same, and whether mail can reach them."""

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


def account_address(email: str) -> str:
    """`email` as an account keeps it: composed, in small letters.

    Not casefolded, and never compared by the database's own upper or lower: these take the dotless i, the long s and
    other letters for a Latin one, so that the mailbox of one person would prove the address of another.
    """
    return unicodedata.normalize("NFC", email).lower()


def same_address(one: str, other: str) -> bool:
    """Whether both sign in to the same account."""
    return account_address(one) == account_address(other)


def check_domain(email: str) -> None:
    """Raise ValidationError if mail to `email` would go to another domain than the one that is written, or to none.

    Python writes domains by the IDNA of 2003, which makes `ss` of ß, Latin letters of full-width ones, and drops
    joiners. The owner of that other domain would prove the address, and get its invoices.
    """
    domain = unicodedata.normalize("NFC", email).rpartition("@")[2].lower()
    if domain.isascii():
        return
    try:
        reached = domain.encode("idna").decode("idna")
    except UnicodeError:
        reached = ""
    if unicodedata.normalize("NFC", reached).lower() != domain:
        text = _(
            "Email can't be sent to “%(domain)s” as it's written here. Write the domain in Latin letters, "
            "beginning with xn--."
        )
        raise ValidationError(text % {"domain": domain[:100]}, code="domain")
