"""The centers that were chosen in a list."""

from collections.abc import Iterable

from django.http import QueryDict

#: A list shows fewer.
_MOST = 500


def chosen_ids(posted: QueryDict, name: str = "center") -> frozenset[int]:
    """The ids under `name`; what is none is left out. Whose they are, the tenant's scope decides."""
    return _ids(posted.getlist(name)[:_MOST])


def approved_ids(posted: QueryDict) -> frozenset[int] | None:
    """The centers of a safety stop that may be suspended: those `listed` on the page, in one field, less the `held`.

    None without a list: all of them. There can be thousands, more than a form may have boxes.
    """
    if "listed" not in posted:
        return None
    return _ids(str(posted["listed"]).split(",")) - _ids(posted.getlist("held"))


def _ids(texts: Iterable[str]) -> frozenset[int]:
    return frozenset(int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) < 19)
