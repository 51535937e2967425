"""The preview of suspensions: its order and its horizon; and which invoice a reminder belongs to."""

from datetime import date, timedelta

from billing.dunning import preview
from billing.models import Reminder
from tests.billing.conftest import Shop
from tests.billing.dunning.test_dunning import at, dun
from tests.billing.mails.reading import mails

FEBRUARY_11 = date(2026, 2, 11)


def test_the_earliest_suspension_comes_first_then_the_centers_by_name(shop: Shop) -> None:
    for name, days in (("Zahra", 0), ("Amal", 1), ("Noor", 0), ("Badr", 1)):
        shop.owe("10", shop.new_center(name=name), day=FEBRUARY_11 + timedelta(days=days))
    found = preview(shop.reseller, at(10))
    assert [item.center.name for item in found] == ["Noor", "Zahra", "Amal", "Badr"]
    assert [item.on for item in found] == [date(2026, 3, 9)] * 2 + [date(2026, 3, 10)] * 2


def test_the_preview_ends_with_the_last_of_its_days(shop: Shop) -> None:
    shop.owe("10")
    day = preview(shop.reseller, at(10))[0].on
    assert day == at(10).date()
    assert [len(preview(shop.reseller, at(10 - days), days=7)) for days in (0, 7, 8)] == [1, 1, 0]


def test_a_reminder_belongs_to_its_invoice(shop: Shop) -> None:
    invoice, other = shop.owe("10"), shop.owe("5", shop.new_center())
    dun(shop, 0)
    written = [(mail.about, mail.event, mail.center) for mail in mails(kind="invoice.reminder")]
    assert sorted(written) == sorted((f"invoice:{one.pk}", "due+0", one.center) for one in (invoice, other))
    taken = Reminder.objects.filter(skipped=False)
    assert {(row.invoice, row.step) for row in taken} == {(invoice, "due+0"), (other, "due+0")}
