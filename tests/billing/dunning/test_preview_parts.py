"""The preview a page at a time: the same suspensions in the same order, without judging each center alone."""

from datetime import date, timedelta
from decimal import Decimal

from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.dunning import hold, open_dispute, preview
from billing.dunning.preview_pages import Preview
from billing.dunning.suspension import suspend
from billing.models import CreditTerms, DunningPolicy, Invoice
from billing.policies import save_center_policy, save_policy
from centers.models import Center
from centers.tenancy.lifecycle import archive_center
from tests.billing.conftest import NOW, Shop
from tests.billing.dunning.test_dunning import at
from tests.factories import UserFactory
from whatsapp.alerts.maintenance_plan import plan_maintenance

DAY = date(2026, 2, 11)


def owing(shop: Shop, name: str, days: int = 0, amount: str = "10") -> Center:
    center = shop.new_center(name=name)
    shop.owe(amount, center, day=DAY + timedelta(days=days))
    return center


def street(shop: Shop) -> None:
    """Centers of every kind whose suspension is expected, and some whose is not."""
    save_policy(reseller=shop.reseller, by=None, now=NOW, minimum_amount=Decimal(5), quiet_weekdays=[2])
    for place, name in enumerate(("Zahra", "amal", "Noor", "Éden", "نور")):
        owing(shop, name, place % 3)
    small = owing(shop, "Grows", amount="3")
    shop.owe("4", small, day=DAY + timedelta(days=2))
    owing(shop, "Stays small", amount="3")
    owing(shop, "Too late for it", 30)
    archive_center(center=owing(shop, "Closed"), by=None, now=NOW)
    contested = Invoice.objects.get(center=owing(shop, "Contests"))
    open_dispute(invoice=contested, because="Not ours", by=None, now=NOW)
    hold(center=owing(shop, "Held"), until=date(2026, 3, 12), because="Agreed", by=None, now=NOW)
    hold(center=owing(shop, "Held for longer"), until=date(2026, 5, 1), because="Agreed", by=None, now=NOW)
    rules: dict[str, object] = {"by": None, "now": NOW}
    strict = DunningPolicy.objects.create(
        reseller=shop.reseller, name="Strict", grace_days=3, quiet_dates=[at(0).date()]
    )
    never = DunningPolicy.objects.create(reseller=shop.reseller, name="Never", suspend=False)
    save_center_policy(center=owing(shop, "Strict", 6), dunning_policy=strict, **rules)
    save_center_policy(center=owing(shop, "Never"), dunning_policy=never, **rules)
    save_center_policy(center=owing(shop, "Own days", 1), grace_days=12, **rules)
    save_center_policy(center=owing(shop, "Own terms only", 1), payment_terms_days=12, **rules)
    limited = shop.new_center(name="Prepaid")
    for center in (limited, owing(shop, "Limited, and owes", 2)):
        CreditTerms.objects.create(
            reseller=shop.reseller,
            center=center,
            limit=5,
            currency="USD",
            level=CreditTerms.Level.EMPTY,
            exposure=Decimal(8),
            set_at=NOW,
        )
    windows: dict[str, object] = {
        "reseller": shop.reseller,
        "reason": "New phones",
        "by": UserFactory(),
        "now": at(0),
    }
    plan_maintenance(begins_at=at(9), ends_at=at(14), center=owing(shop, "Own maintenance"), **windows)
    plan_maintenance(begins_at=at(10), ends_at=at(12), **windows)
    assert suspend(center=owing(shop, "Suspended", -5), now=at(7))


def test_its_parts_are_the_whole_preview(shop: Shop) -> None:
    street(shop)
    for days in range(-1, 13):
        now = at(days)
        whole = preview(shop.reseller, now)
        found = Preview(shop.reseller, now)
        parts = [item for begin in range(0, 24, 5) for item in found.part(begin, 5)]
        assert parts == whole, days
        assert found.total == len(whole)
    assert len(whole) > 10, "most kinds are in it"


def test_no_one_is_expected_where_rules_suspend_no_one(shop: Shop) -> None:
    owing(shop, "Late")
    save_policy(reseller=shop.reseller, by=None, now=NOW, suspend=False)
    found = Preview(shop.reseller, at(5))
    assert (found.part(0, 5), found.total) == ([], 0)


def test_it_reads_no_more_for_more_centers(shop: Shop) -> None:
    counted = []
    for each in range(2):
        for number in range(4):
            owing(shop, f"Late {each}{number}")
        with CaptureQueriesContext(connection) as queries:
            found = Preview(shop.reseller, at(5))
            rows = found.part(0, 3)
        whole = [
            row for row in queries if "count(*) OVER" not in row["sql"] and "billing_invoice" in row["sql"]
        ]
        counted.append((len(queries), len(rows), whole[0]["sql"].count(",")))
    assert counted[0] == counted[1], "three invoices are read, whatever the number of centers"
    assert found.total == 8
