"""Margins added to MazBot's costs: versions are never edited, the narrowest level wins."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Q

from billing.models import Margin
from billing.pricing.history.center_versions import CenterVersions
from centers.models import Center, Reseller

_UNSAVED = 2**62  # higher than any stored version's
_Key = tuple[str, str, int | None, str]  # category, level, center id, country id


class Margins:
    """All margins of a reseller, read once, for pricing many days and centers."""

    def __init__(self, rows: Iterable[Margin], centers: CenterVersions) -> None:
        self.centers = centers
        self._versions: dict[_Key, list[Margin]] = {}
        for row in sorted(rows, key=lambda row: (row.valid_from, row.pk), reverse=True):
            self._versions.setdefault(_key(row), []).append(row)

    @classmethod
    def of(
        cls, reseller: Reseller, center: Center | None = None, *, among: Iterable[Center] | None = None
    ) -> "Margins":
        """Read the reseller's margins from the database; with `center` or `among`, no other center's own."""
        rows = Margin.objects.filter(reseller=reseller)
        only = among if center is None else [center]
        if only is None:
            return cls(rows, CenterVersions.of(reseller))
        own = list(only)
        return cls(rows.filter(Q(center=None) | Q(center__in=own)), CenterVersions.of(reseller, among=own))

    def plus(self, new: Margin) -> "Margins":
        """These margins as they would be with `new`, which is not saved."""
        new.pk = _UNSAVED
        return Margins([*(row for rows in self._versions.values() for row in rows), new], self.centers)

    def with_centers(self, centers: CenterVersions) -> "Margins":
        """These margins with other countries of the centers."""
        return Margins((row for rows in self._versions.values() for row in rows), centers)

    def find(
        self, category: str, center: Center, day: date, *, in_country_of: date | None = None
    ) -> Margin | None:
        """The margin of `center` on `day`: its own, else that of its country then, else the reseller's, else None.

        `in_country_of` is another day on which the center was in the country that counts.
        """
        country = self.centers.country_id(center, in_country_of or day)
        own = self._newest((category, Margin.Level.CENTER, center.pk, ""), day)
        return own or self.of_country(category, country, day)

    @property
    def center_ids(self) -> set[int]:
        """The centers that have, or had, margins of their own."""
        return {
            center_id for _category, _level, center_id, _country in self._versions if center_id is not None
        }

    def first_days(self) -> set[date]:
        """Every day on which a version begins to apply."""
        return {row.valid_from for rows in self._versions.values() for row in rows}

    def of_country(self, category: str, country_id: str, day: date) -> Margin | None:
        """The margin of a country, ignoring centers' own; the reseller's if the country has none."""
        own = self._newest((category, Margin.Level.COUNTRY, None, country_id), day) if country_id else None
        return own or self._newest((category, Margin.Level.RESELLER, None, ""), day)

    def _newest(self, key: _Key, day: date) -> Margin | None:
        """The version in force at exactly this level; None also if it was withdrawn."""
        found = next((row for row in self._versions.get(key, ()) if row.valid_from <= day), None)
        return None if found is None or found.withdrawn else found


def _key(row: Margin) -> _Key:
    return (row.category, row.level, row.center_id, row.country_id)
