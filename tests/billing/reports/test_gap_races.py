"""Two people, or two jobs, at the same difference: one effect."""

import pytest

from billing.models import GapItem
from billing.reports.gap_items import decide
from billing.reports.gaps import check_gap
from centers.models import AuditEntry, Role
from tests.billing.conftest import NOW, Shop
from tests.billing.reports.conftest import account
from tests.billing.reports.test_gap_items import MARCH_4, gap_of, is_alarmed
from tests.billing.test_races import successes
from tests.billing.threads import at_once
from tests.factories import member

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_of_eight_decides_and_the_others_see_it(committed_shop: Shop) -> None:
    shop = committed_shop
    gap_of(shop, MARCH_4, "10")
    check_gap(shop.reseller, NOW)
    item, person = GapItem.objects.get(), member(shop.reseller, Role.BILLING)
    results = at_once(
        lambda n: decide(
            item=item,
            version=item.version,
            state=GapItem.State.EXPLAINED,
            reason=GapItem.Reason.OTHER,
            note=f"Note {n}",
            owner=None,
            by=person,
            now=NOW,
        ),
        reseller=shop.reseller,
    )
    [decided] = successes(results)
    assert GapItem.objects.get().note == decided.note  # type: ignore[attr-defined]
    assert AuditEntry.objects.filter(action="gap.decided").count() == 1
    assert not is_alarmed()


def test_eight_jobs_open_one_item(committed_shop: Shop) -> None:
    shop = committed_shop
    gap_of(shop, MARCH_4, "10")
    assert len(successes(at_once(lambda _n: check_gap(shop.reseller, NOW), reseller=shop.reseller))) == 8
    assert GapItem.objects.count() == AuditEntry.objects.filter(action="gap.opened").count() == 1
    assert is_alarmed()


def test_figures_that_change_while_someone_decides(committed_shop: Shop) -> None:
    """Whatever comes first: the item is explained for the amount that the person saw, or open."""
    shop = committed_shop
    gap_of(shop, MARCH_4, "10")
    check_gap(shop.reseller, NOW)
    item, person = GapItem.objects.get(), member(shop.reseller, Role.BILLING)
    account(shop, MARCH_4, "30")

    def act(number: int) -> object:
        if number % 2:
            return check_gap(shop.reseller, NOW)
        return decide(
            item=item,
            version=item.version,
            state=GapItem.State.EXPLAINED,
            reason=GapItem.Reason.OWN_USE,
            note="",
            owner=None,
            by=person,
            now=NOW,
        )

    successes(at_once(act, reseller=shop.reseller))
    check_gap(shop.reseller, NOW)
    row = GapItem.objects.get()
    assert (row.state, row.amount) == ("open", 26)
    assert is_alarmed()
