"""The centers that were chosen in a list, and doing something for each of them."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import TypeVar

import structlog
from django.db import DatabaseError, transaction
from django.http import QueryDict
from django.utils.translation import gettext as _

from billing.queries.overdue import longest_overdue
from centers.errors import OperationRefused
from centers.models import Center

log = structlog.get_logger(__name__)
Done = TypeVar("Done")

#: A list shows fewer; of all overdue centers as many are chosen at once.
MOST_CHOSEN = 500


def chosen_ids(posted: QueryDict) -> frozenset[int]:
    """The ids under `center`; what is none is left out. Whose they are, the tenant's scope decides.

    With a day under `overdue_on` those that were overdue for longest on it, on all pages of the list.
    """
    day = _day(posted.get("overdue_on", ""))
    return _ids(posted.getlist("center")[:MOST_CHOSEN]) if day is None else longest_overdue(day, MOST_CHOSEN)


def chosen_centers(posted: QueryDict) -> list[Center]:
    """The centers of the scope whose ids were posted, by name."""
    rows = Center.objects.filter(pk__in=chosen_ids(posted)).select_related("reseller")
    return list(rows.order_by("name", "pk"))


def each(
    centers: Sequence[Center], act: Callable[[Center], Done], *, keep: bool = True
) -> tuple[list[tuple[Center, Done]], list[tuple[Center, str]]]:
    """Do it for each center, whatever happens with the others: (center, result) of those done, (center, why not).

    With `keep` false nothing stays: it only says what would happen.
    """
    done: list[tuple[Center, Done]] = []
    refused: list[tuple[Center, str]] = []
    for center in centers:
        try:
            with transaction.atomic():
                done.append((center, act(center)))
                if not keep:
                    transaction.set_rollback(True)
        except OperationRefused as refusal:
            refused.append((center, refusal.message))
        except DatabaseError:
            log.exception("chosen_center_failed", center_id=center.pk)
            refused.append((center, _("This didn't work. Try again.")))
    return done, refused


def approved_ids(posted: QueryDict) -> frozenset[int] | None:
    """The centers of a safety stop that may be suspended: those `listed` on the page, in one field, less the `held`.

    None without a list: all of them. There can be thousands, more than a form may have boxes.
    """
    if "listed" not in posted:
        return None
    return _ids(str(posted["listed"]).split(",")) - _ids(posted.getlist("held"))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _ids(texts: Iterable[str]) -> frozenset[int]:
    return frozenset(int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) < 19)
