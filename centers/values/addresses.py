"""Email addresses as accounts sign in with them, and which two of them are the same."""

import unicodedata


def account_address(email: str) -> str:
    """`email` as an account keeps it: composed, in small letters.

    Not casefolded, and never compared by the database's own upper or lower: these take the dotless i, the long s and
    other letters for a Latin one, so that the mailbox of one person would prove the address of another.
    """
    return unicodedata.normalize("NFC", email).lower()


def same_address(one: str, other: str) -> bool:
    """Whether both sign in to the same account."""
    return account_address(one) == account_address(other)
