"""Holds: who agreed with whom until when, and that only one counts."""

from datetime import date, timedelta
from typing import Any

import pytest

from billing.dunning import hold, release_hold
from billing.models import Hold
from centers import live
from centers.errors import OperationRefused
from centers.models import AuditEntry
from tests.billing.conftest import NOW, Shop
from tests.factories import UserFactory

TODAY = date(2026, 3, 5)


def test_a_hold_needs_a_reason_and_a_day_to_come(shop: Shop) -> None:
    for until, because, why in (
        (TODAY, "agreed", "must end on a future date"),
        (TODAY - timedelta(days=1), "agreed", "must end on a future date"),
        (TODAY + timedelta(days=1), "  ", "Enter a reason"),
    ):
        with pytest.raises(OperationRefused, match=why):
            hold(center=shop.center, until=until, because=because, by=None, now=NOW)
    assert not Hold.objects.exists()
    assert hold(center=shop.center, until=TODAY + timedelta(days=1), because="agreed", by=None, now=NOW)


def test_the_row_names_who_agreed_to_what_and_when(shop: Shop) -> None:
    person, until = UserFactory(), TODAY + timedelta(days=5)
    row = hold(center=shop.center, until=until, because="  pays on Sunday ", by=person, now=NOW)
    row.refresh_from_db()
    assert (row.reseller, row.center, row.until) == (shop.reseller, shop.center, until)
    assert (row.because, row.created_by, row.created_at) == ("pays on Sunday", person, NOW)
    assert (row.released_at, row.released_by) == (None, None)


def test_a_new_hold_replaces_the_earlier_one_of_its_center_only(shop: Shop) -> None:
    first, second, until = UserFactory(), UserFactory(), TODAY + timedelta(days=5)
    other = hold(center=shop.new_center(), until=until, because="another", by=first, now=NOW)
    old = hold(center=shop.center, until=until, because="first", by=first, now=NOW)
    later = NOW + timedelta(hours=1)
    new = hold(center=shop.center, until=until, because="second", by=second, now=later)
    old.refresh_from_db()
    assert (old.released_at, old.released_by) == (later, second)
    assert set(Hold.objects.filter(released_at=None)) == {new, other}
    last = later + timedelta(hours=1)
    hold(center=shop.center, until=until, because="third", by=first, now=last)
    old.refresh_from_db()
    assert (old.released_at, old.released_by) == (later, second), "what ended stays as it ended"


def test_a_release_ends_the_hold_once_and_no_other(shop: Shop) -> None:
    person, until = UserFactory(), TODAY + timedelta(days=5)
    other = hold(center=shop.new_center(), until=until, because="another", by=None, now=NOW)
    assert release_hold(center=shop.center, by=person, now=NOW) is None
    row = hold(center=shop.center, until=until, because="agreed", by=None, now=NOW)
    assert release_hold(center=shop.center, by=person, now=NOW + timedelta(hours=1)) is not None
    assert release_hold(center=shop.center, by=None, now=NOW + timedelta(hours=2)) is None
    row.refresh_from_db()
    assert (row.released_at, row.released_by) == (NOW + timedelta(hours=1), person)
    assert list(Hold.objects.filter(released_at=None)) == [other]


def test_both_are_in_the_audit_log_and_open_pages_get_a_hint(
    shop: Shop, django_capture_on_commit_callbacks: Any
) -> None:
    person, until = UserFactory(), TODAY + timedelta(days=5)
    stamps = [live.stamp(shop.reseller.pk, shop.center.pk)]
    with django_capture_on_commit_callbacks(execute=True):
        hold(center=shop.center, until=until, because="agreed", by=person, now=NOW)
    stamps.append(live.stamp(shop.reseller.pk, shop.center.pk))
    with django_capture_on_commit_callbacks(execute=True):
        release_hold(center=shop.center, by=person, now=NOW)
    stamps.append(live.stamp(shop.reseller.pk, shop.center.pk))
    assert len(set(stamps)) == 3
    entries = AuditEntry.objects.filter(action__startswith="hold.").order_by("pk")
    assert [entry.action for entry in entries] == ["hold.set", "hold.released"]
    for entry in entries:
        assert (entry.reseller, entry.center, entry.actor, entry.at) == (
            shop.reseller,
            shop.center,
            person,
            NOW,
        )
        assert (entry.target_type, entry.target_id) == ("center", str(shop.center.pk))
        assert entry.data == {"until": "2026-03-10", "because": "agreed"}
