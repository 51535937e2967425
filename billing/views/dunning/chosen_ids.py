"""The centers that were chosen in a list."""

from django.http import QueryDict

#: A list shows fewer.
_MOST = 500


def chosen_ids(posted: QueryDict, name: str = "center") -> frozenset[int]:
    """The ids under `name`; what is none is left out. Whose they are, the tenant's scope decides."""
    texts = posted.getlist(name)[:_MOST]
    return frozenset(int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) < 19)
