"""Names of MazBot's country ids, in the reader's language.

MazBot has no list of its countries. An id is that of a country of ISO 3166-1 if staff say so, else if it is such a code
itself, else of most centers that have the id.
"""

from collections import Counter
from contextlib import suppress
from datetime import datetime
from functools import cached_property

import redis
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext

from billing.models import MazbotCountry
from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import Center, Reseller, User
from centers.values import languages
from centers.values.countries import country_codes, country_name, validate_country
from centers.values.languages import active_language
from centers.values.text import typed_code

KEPT_SECONDS = 600
_FAILED = (redis.RedisError, OSError)


class CountryNames:
    """The names of one reseller's country ids; what they follow from is read once, when first needed."""

    def __init__(self, reseller: Reseller) -> None:
        self._reseller = reseller

    @cached_property
    def decided(self) -> dict[str, str]:
        """What staff said, by MazBot's id."""
        rows = MazbotCountry.objects.filter(reseller=self._reseller)
        return dict(rows.values_list("country_id", "iso"))

    @cached_property
    def _of_centers(self) -> dict[str, str]:
        """The country of more than half of the centers that have an id: one that differs does not take its name."""
        rows = Center.objects.filter(reseller=self._reseller, archived_at=None).exclude(country="")
        found: dict[str, Counter[str]] = {}
        counted = rows.order_by().values_list("country_id", "country").annotate(count=Count("pk"))
        for country_id, iso, count in counted:
            found.setdefault(country_id, Counter())[iso] = count
        first = {country_id: codes.most_common(1)[0] for country_id, codes in found.items()}
        return {one: iso for one, (iso, count) in first.items() if count * 2 > found[one].total()}

    def iso(self, country_id: str) -> str:
        """The code of two letters of a country id; "" where it is not known."""
        if country_id in self.decided:
            return self.decided[country_id]
        code = country_id.upper()
        return code if code in country_codes() else self._of_centers.get(country_id, "")

    def label(self, country_id: str) -> str:
        """`Libya (3)`, or `Country 3` where its country is not known; the general list is that of all others."""
        if not country_id:
            return gettext("All other countries")
        iso = self.iso(country_id)
        if not iso:
            return gettext("Country %(id)s") % {"id": country_id}
        name = country_name(iso)
        return name if iso == country_id else f"{name} ({country_id})"


def kept_labels(reseller: Reseller, country_ids: tuple[str, ...]) -> dict[str, str]:
    """The label of each id, for the filters of lists: kept for minutes, since centers are counted for them.

    Without Valkey they are read each time.
    """
    key = _kept_at(reseller, active_language().code)
    kept: dict[str, str] = {}
    with suppress(*_FAILED):
        kept = cache.get(key) or {}
    if not kept.keys() >= set(country_ids):
        names = CountryNames(reseller)
        kept = {one: names.label(one) for one in country_ids}
        with suppress(*_FAILED):
            cache.set(key, kept, KEPT_SECONDS)
    return {one: kept[one] for one in country_ids}


def _kept_at(reseller: Reseller, language: str) -> str:
    return f"country-labels:{reseller.pk}:{language}"


def name_country(*, reseller: Reseller, country_id: str, iso: str, by: User | None, now: datetime) -> None:
    """Say which country an id stands for; without one it is guessed again. OperationRefused for an unknown code."""
    place = typed_code(country_id)[:16]
    if not place:
        raise OperationRefused(gettext("Enter MazBot's country ID."), field="country_id")
    code = iso.strip().upper()
    rows = MazbotCountry.objects.filter(reseller=reseller, country_id=place)
    with transaction.atomic():
        if code:
            try:
                validate_country(code)
            except ValidationError as error:
                raise OperationRefused(error.messages[0], field="iso") from None
            MazbotCountry.objects.update_or_create(
                reseller=reseller, country_id=place, defaults={"iso": code}
            )
        else:
            rows.delete()
        entries.record(
            "rate.country_named",
            reseller=reseller,
            by=by,
            now=now,
            topics=("billing",),
            country_id=place,
            country=code,
        )
        transaction.on_commit(
            lambda: cache.delete_many([_kept_at(reseller, language) for language in languages.LANGUAGES]),
            robust=True,  # without Valkey the old name stays for minutes
        )
