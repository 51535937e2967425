"""Named rules on the pages: added, chosen for a center, changed, deleted."""

from billing.models import CenterPolicy, DunningPolicy
from centers.tenancy.scoping import tenant
from tests.billing.views.conftest import Desk

RULES = {
    "name": "Gentle", "reminder_days": "7, 14", "warning_days": "", "grace_days": "30", "minimum_amount": "0",
    "late_fee_percent": "2", "late_fee_amounts": "", "late_fee_days": "7", "late_fee_ceiling": "20",
    "quiet_weekdays": ["5"], "quiet_dates": "",
}  # fmt: skip


def test_rules_are_added_chosen_changed_and_deleted(desk: Desk) -> None:
    client = desk.as_(desk.owner)
    add = desk.url("settings/billing/rules/")
    assert 'value="-3, 0, 3"' in client.get(add).content.decode().replace('"-3,0,3"', '"-3, 0, 3"')
    assert client.post(add, RULES | {"name": ""}).status_code == 422
    assert client.post(add, RULES).status_code == 302
    with tenant(desk.reseller):
        policy = DunningPolicy.objects.get()
        assert (policy.reminder_days, policy.suspend, policy.quiet_weekdays) == ([7, 14], False, [5])
    assert client.post(add, RULES).status_code == 422, "the name is taken"
    center = desk.url(f"centers/{desk.center.pk}/billing/")
    page = client.get(center).content.decode()
    assert "Gentle" in page
    posted = {
        "auto_invoice": "same", "suspend": "same", "billable": "same", "subscription_type": "same",
        "one_off_type": "same", "dunning_policy": policy.pk,
    }  # fmt: skip
    assert desk.as_(desk.billing).post(center, posted).status_code == 302
    with tenant(desk.reseller):
        assert CenterPolicy.objects.get().dunning_policy_id == policy.pk
    own = desk.url(f"settings/billing/rules/{policy.pk}/")
    followers = client.get(own).content.decode()
    assert "Al Noor Clinic" in followers
    assert "Leave empty to use the rules for unpaid invoices chosen above" in page
    assert "1 center" in client.get(desk.url("settings/billing/")).content.decode()
    assert client.post(own, RULES | {"name": "Very gentle"}).status_code == 302
    deleted = client.post(f"{own}delete/", follow=True).content.decode()
    assert "1 center follows the general rules now" in deleted
    with tenant(desk.reseller):
        assert not DunningPolicy.objects.exists()
        assert CenterPolicy.objects.get().dunning_policy is None
