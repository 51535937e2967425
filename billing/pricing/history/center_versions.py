"""A center's country and currency on each day."""

from collections.abc import Iterable
from copy import copy
from datetime import date

from billing.models import CenterVersion
from billing.periods import Period
from centers.models import Center, Reseller

Name = CenterVersion.Name
_UNSAVED = 2**62  # higher than any stored version's
_Key = tuple[int, str]  # center id, name


class CenterVersions:
    """The versions of the centers that ever changed, read once; a center without any has its own columns."""

    def __init__(self, rows: Iterable[CenterVersion]) -> None:
        self._rows: dict[_Key, list[CenterVersion]] = {}
        for row in sorted(rows, key=lambda row: (_first_day(row), row.pk), reverse=True):
            self._rows.setdefault((row.center_id, row.name), []).append(row)

    @classmethod
    def of(
        cls, reseller: Reseller, center: Center | None = None, *, among: Iterable[Center] | None = None
    ) -> "CenterVersions":
        """Read them from the database; with `center`, only its own, with `among`, only those of these centers."""
        rows = CenterVersion.objects.filter(reseller=reseller)
        only = among if center is None else [center]
        return cls(rows if only is None else rows.filter(center__in=list(only)))

    def plus(self, new: CenterVersion) -> "CenterVersions":
        """These versions as they would be with `new`, which is not saved."""
        rows = [row for own in self._rows.values() for row in own]
        if (new.center_id, new.name) not in self._rows:
            rows.append(_with_pk(beginning_of(new), 0))
        return CenterVersions([*rows, _with_pk(new, _UNSAVED)])

    def country_id(self, center: Center, day: date) -> str:
        """The center's country at MazBot on that day."""
        return self._value(center, Name.COUNTRY, day)

    def currency(self, center: Center, day: date) -> str:
        """The currency in which the center pays for that day."""
        return self._value(center, Name.CURRENCY, day)

    def value(self, center: Center, name: str, day: date) -> str:
        """One of the two, by its name."""
        return self._value(center, name, day)

    @property
    def center_ids(self) -> set[int]:
        """The centers whose country or currency ever changed."""
        return {center_id for center_id, _name in self._rows}

    def first_days(self) -> set[date]:
        """Every day on which a version begins to apply."""
        return {row.valid_from for rows in self._rows.values() for row in rows if row.valid_from}

    def changes(self, center: Center, name: str, period: Period) -> list[date]:
        """The days after the period's first on which the value changes, in order."""
        days = sorted({row.valid_from for row in self._rows.get((center.pk, name), ()) if row.valid_from})
        found, before = [], self._value(center, name, period.first_day)
        for day in days:
            if period.first_day < day < period.end_day and self._value(center, name, day) != before:
                before = self._value(center, name, day)
                found.append(day)
        return found

    def _value(self, center: Center, name: str, day: date) -> str:
        value: str = getattr(center, Name(name).column)
        rows = self._rows.get((center.pk, name), ())
        return next((row.value for row in rows if _first_day(row) <= day), value)


def beginning_of(version: CenterVersion) -> CenterVersion:
    """An unsaved version of what applied before a center's first change, which its columns still have."""
    return CenterVersion(
        reseller_id=version.reseller_id,
        center=version.center,
        name=version.name,
        value=getattr(version.center, Name(version.name).column),
        created_at=version.created_at,
        created_by=None,
    )


def _with_pk(row: CenterVersion, pk: int) -> CenterVersion:
    """A copy: the row itself is saved later, with a key of the database's."""
    numbered = copy(row)
    numbered.pk = pk
    return numbered


def _first_day(row: CenterVersion) -> date:
    return row.valid_from or date.min
