"""Signed values that links in messages hold, for a limited time."""

from datetime import timedelta
from typing import Any

from django.core import signing


def read_token(token: str, *, salt: str, life: timedelta) -> tuple[Any, bool]:
    """The value that `signing.dumps` signed with this salt, and whether that was longer ago than `life`.

    Raises signing.BadSignature for a token that we did not make.
    """
    try:
        return signing.loads(token, salt=salt, max_age=life), False
    except signing.SignatureExpired:
        return signing.loads(token, salt=salt), True
