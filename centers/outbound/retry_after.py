"""The header Retry-After. Imports no Django."""

from datetime import datetime
from email.utils import parsedate_to_datetime

LONGEST_RETRY_AFTER = 3600.0  # seconds


def parse_retry_after(value: str | None, *, now: datetime) -> float | None:
    """Seconds of a Retry-After header (a number or an HTTP date), at most an hour; None if missing or unreadable."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return min(float(text), LONGEST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
        seconds = (moment - now).total_seconds() if moment.tzinfo else None
    except (ValueError, TypeError, OverflowError):
        return None
    return None if seconds is None else min(max(seconds, 0.0), LONGEST_RETRY_AFTER)
