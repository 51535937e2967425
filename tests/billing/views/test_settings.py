"""The rules of billing: a reseller's and a center's."""

from decimal import Decimal

import pytest
from django.utils import translation

from billing.models import BillingPolicy, CenterPolicy
from centers.audit.messages import changes
from centers.models import AuditEntry
from centers.tenancy.scoping import tenant
from tests.billing.views.conftest import Desk

RULES = {
    "auto_invoice": "on",
    "close_after_days": "2",
    "reread_days": "3",
    "today_reads": "2",
    "check_months": "4",
    "exchange_warn_days": "30",
    "exchange_block_days": "60",
    "usage_tolerance": "1.5",
    "rate_change_percent": "20",
    "subscription_share": "full",
    "billable": "sent",
    "subscription_type": "monthly_subscription",
    "payment_terms_days": "30",
    "reminder_days": "5,-2,0",
    "warning_days": "",
    "suspend": "on",
    "grace_days": "12",
    "minimum_amount": "10.5",
    "quiet_weekdays": ["5"],
    "quiet_dates": "2026-12-31",
    "late_fee_percent": "1,5",
    "late_fee_amounts": "SAR 25, 2.5 KWD",
    "late_fee_days": "5",
    "late_fee_monthly": "on",
    "late_fee_ceiling": "30",
}


def test_the_rules_are_saved(desk: Desk) -> None:
    extra = {"reseller": desk.foreign.reseller_id, "id": 1}
    response = desk.as_(desk.owner).post(desk.url("settings/billing/"), RULES | extra)
    assert response.status_code == 302
    with tenant(desk.shop.reseller):
        policy = BillingPolicy.objects.get()
    assert policy.reseller_id == desk.shop.reseller.pk
    assert policy.reminder_days == [-2, 0, 5]
    assert (policy.warning_days, policy.quiet_weekdays) == (None, [5])
    assert policy.minimum_amount == Decimal("10.5")
    assert (policy.exchange_warn_days, policy.exchange_block_days) == (30, 60)
    assert (policy.usage_tolerance, policy.subscription_share) == (Decimal("1.5"), "full")
    assert policy.rate_change_percent == 20
    assert (policy.reread_days, policy.today_reads, policy.check_months) == (3, 2, 4)
    assert policy.subscription_type == "monthly_subscription"
    assert (policy.late_fee_percent, policy.late_fee_days, policy.late_fee_monthly) == (
        Decimal("1.5"),
        5,
        True,
    )
    assert policy.late_fee_amounts == {"SAR": "25.00", "KWD": "2.500"}
    assert policy.late_fee_ceiling == 30
    page = desk.as_(desk.owner).get(desk.url("settings/billing/")).content.decode()
    assert 'value="10.5"' in page
    assert 'value="KWD 2.500, SAR 25.00"' in page


def test_the_audit_log_says_what_changed_in_the_language_of_its_reader(desk: Desk) -> None:
    client, url = desk.as_(desk.owner), desk.url("settings/billing/")
    client.post(url, RULES)
    client.post(url, RULES)
    client.post(url, RULES | {"quiet_dates": "", "quiet_weekdays": ["5", "6"], "suspend": ""})
    shown = []
    for language in ("en", "ar"):
        with tenant(desk.shop.reseller), translation.override(language):
            rows = AuditEntry.objects.filter(action="billing_policy.changed").order_by("pk")
            shown.append([changes(row) for row in rows])
    (first, last), (_first, arabic) = shown
    assert ("Quiet dates", "–", "2026-12-31") in first
    assert ("Reminders, days from the due date", "-3, 0, 3", "-2, 0, 5") in first
    assert ("Never suspend below this amount", "0", "10.5") in first
    assert ("Late fee, fixed amounts", "–", "KWD: 2.500, SAR: 25.00") in first
    assert last == [
        ("Suspend unpaid centers", "yes", "no"),
        ("Quiet dates", "2026-12-31", "–"),
        ("Quiet weekdays", "Friday", "Friday, Saturday"),
    ]
    assert arabic[-1][1:] == ("الجمعة", "الجمعة، السبت")


@pytest.mark.parametrize(
    "change",
    [
        {"grace_days": "-1"},
        {"grace_days": "400"},
        {"reminder_days": "a,b"},
        {"reminder_days": "999"},
        {"quiet_weekdays": ["8"]},
        {"quiet_dates": "31.12."},
        {"billable": "none"},
        {"subscription_type": "not on the list"},
        {"minimum_amount": "1.12345"},
        {"minimum_amount": "NaN"},
        {"exchange_warn_days": "61"},
        {"exchange_block_days": "0"},
        {"usage_tolerance": "0.9"},
        {"rate_change_percent": "0"},
        {"subscription_share": "half"},
        {"today_reads": "0"},
        {"today_reads": "25"},
        {"late_fee_percent": "101"},
        {"late_fee_days": "0"},
        {"late_fee_ceiling": "0"},
        {"late_fee_amounts": "25"},
        {"late_fee_amounts": "25 XXQ"},
        {"late_fee_amounts": "SAR 1.255"},
        {"late_fee_amounts": "SAR -1"},
        {"late_fee_amounts": "SAR 1,234"},
        {"late_fee_amounts": "SAR 1, SAR 2"},
        {
            "late_fee_amounts": ", ".join(
                f"{code} 1"
                for code in ("SAR", "AED", "KWD", "OMR", "EGP", "LYD", "USD", "EUR", "GBP", "JOD", "BHD")
            )
        },
        {"whatsapp_reminders": "on"},
        {"check_months": "0"},
        {"check_months": "13"},
    ],
)
def test_a_wrong_rule_is_refused(desk: Desk, change: dict[str, str]) -> None:
    assert desk.as_(desk.owner).post(desk.url("settings/billing/"), RULES | change).status_code == 422
    with tenant(desk.shop.reseller):
        assert not BillingPolicy.objects.exists()


def test_a_center_can_be_treated_differently_and_follow_again(desk: Desk) -> None:
    url = desk.url(f"centers/{desk.center.pk}/billing/")
    data = {
        "auto_invoice": "no",
        "suspend": "same",
        "billable": "same",
        "subscription_type": "",
        "payment_terms_days": "45",
        "grace_days": "",
        "minimum_amount": "",
    }
    client = desk.as_(desk.billing)
    assert client.post(url, data | {"center": desk.foreign.center_id}).status_code == 302
    with tenant(desk.shop.reseller):
        row = CenterPolicy.objects.get()
    assert (row.center_id, row.auto_invoice, row.suspend) == (desk.center.pk, False, None)
    assert (row.payment_terms_days, row.subscription_type) == (45, "")
    again = data | {"auto_invoice": "same", "subscription_type": "same", "payment_terms_days": ""}
    client.post(url, again)
    row.refresh_from_db()
    assert (row.auto_invoice, row.payment_terms_days, row.subscription_type) == (None, None, None)
    assert client.post(url, data | {"suspend": "perhaps"}).status_code == 422


def test_a_wrong_item_of_a_list_is_reported_in_plain_words(desk: Desk) -> None:
    page = desk.as_(desk.owner).post(desk.url("settings/billing/"), {"reminder_days": "3, soon"})
    assert page.status_code == 422
    assert "Item 2 of the list: Enter a whole number." in page.content.decode()
