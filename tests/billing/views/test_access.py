"""Every money page, tried by everyone: who may enter, who gets 403, who gets 404."""

import pytest
from django.urls import get_resolver

from billing.urls import portal as portal_urls
from billing.urls import staff as staff_urls
from tests.billing.views.conftest import Desk
from tests.people import FRAGMENT

ALL = {"owner", "billing", "support"}
MONEY = {"owner", "billing"}
PAGES = [
    ("get", "prices/", MONEY),
    ("get", "prices/rates/", MONEY),
    ("get", "prices/rates/{rates}/", MONEY),
    ("get", "prices/simulator/", MONEY),
    ("get", "centers/{center}/prices/export/csv/", MONEY),
    ("get", "centers/{center}/prices/pdf/", ALL),
    ("post", "prices/margin/", MONEY),
    ("post", "prices/margin/preview/", MONEY),
    ("get", "prices/types/", MONEY),
    ("post", "prices/types/class/", MONEY),
    ("post", "prices/types/country/", MONEY),
    ("post", "prices/currency/", {"owner"}),
    ("get", "exchange-rates/", MONEY),
    ("post", "exchange-rates/", MONEY),
    ("get", "usage/", ALL),
    ("get", "usage/export/csv/", ALL),
    ("get", "usage/reconciliation/", MONEY),
    ("get", "usage/reconciliation/{gap}/", MONEY),
    ("get", "usage/reconciliation/differences/export/csv/", MONEY),
    ("get", "usage/reconciliation/export/xlsx/", MONEY),
    ("get", "usage/profit/", MONEY),
    ("get", "usage/profit/export/csv/", MONEY),
    ("get", "usage/late-corrections/{center}/", MONEY),
    ("post", "usage/late-corrections/{center}/invoice/", MONEY),
    ("get", "invoices/", ALL),
    ("get", "invoices/export/csv/", ALL),
    ("get", "invoices/tax/", ALL),
    ("get", "invoices/tax/export/csv/", ALL),
    ("get", "invoices/issue/", MONEY),
    ("get", "invoices/issue/{center}/", MONEY),
    ("post", "invoices/issue/{center}/read/", MONEY),
    ("get", "invoices/run/", MONEY),
    ("get", "invoices/{invoice}/", ALL),
    ("get", "invoices/lines/{line}/", ALL),
    ("get", "invoices/{invoice}/pdf/", ALL),
    ("get", "invoices/{invoice}/xml/", ALL),
    ("get", "invoices/{invoice}/void/", MONEY),
    ("get", "invoices/{invoice}/credit/", MONEY),
    ("post", "invoices/{invoice}/credit/preview/", MONEY),
    ("post", "invoices/{invoice}/mail/", MONEY),
    ("get", "payments/", ALL),
    ("get", "payments/export/xlsx/", ALL),
    ("get", "payments/record/", MONEY),
    ("get", "payments/record/{center}/", MONEY),
    ("post", "payments/record/{center}/preview/", MONEY),
    ("get", "payments/flagged/", MONEY),
    ("get", "payments/reported/", MONEY),
    ("post", "invoices/{invoice}/links/revoke/", MONEY),
    ("get", "payments/limits/", ALL),
    ("get", "centers/{center}/terms/", MONEY),
    ("get", "payments/opening/", MONEY),
    ("post", "payments/opening/record/", MONEY),
    ("get", "invoices/journal/", ALL),
    ("get", "invoices/journal/export/csv/", ALL),
    ("get", "settings/accounts/", {"owner"}),
    ("get", "payments/bank/", MONEY),
    ("post", "payments/bank/record/", MONEY),
    ("get", "payments/credit/", ALL),
    ("get", "payments/credit/export/csv/", ALL),
    ("get", "payments/credit/{center}/", MONEY),
    ("get", "payments/credit/{center}/convert/", MONEY),
    ("post", "payments/credit/{center}/convert/preview/", MONEY),
    ("get", "unpaid/", ALL),
    ("get", "unpaid/export/csv/", ALL),
    ("get", "unpaid/aging/", ALL),
    ("get", "unpaid/aging/export/csv/", ALL),
    ("get", "unpaid/forecast/", ALL),
    ("get", "unpaid/forecast/export/xlsx/", ALL),
    ("get", "unpaid/hold/{center}/", MONEY),
    ("post", "unpaid/chosen/hold/", MONEY),
    ("post", "unpaid/chosen/release/", MONEY),
    ("post", "unpaid/chosen/resend/", MONEY),
    ("post", "unpaid/chosen/rules/", MONEY),
    ("post", "unpaid/chosen/export/", ALL),
    ("get", "unpaid/promise/{center}/", MONEY),
    ("get", "unpaid/dispute/{invoice}/", MONEY),
    ("get", "unpaid/write-off/{center}/", MONEY),
    ("get", "unpaid/written-off/", ALL),
    ("get", "unpaid/written-off/export/csv/", ALL),
    ("post", "unpaid/hold/{center}/release/", MONEY),
    ("get", "settings/billing/", {"owner"}),
    ("get", "settings/billing/rules/", {"owner"}),
    ("get", "settings/payments/", {"owner"}),
    ("post", "settings/payments/stripe/", {"owner"}),
    ("post", "settings/payments/stripe/test/", {"owner"}),
    ("post", "settings/payments/secret/", {"owner"}),
    ("get", "settings/documents/", {"owner"}),
    ("get", "settings/tax/", {"owner"}),
    ("get", "settings/tax/rate/", {"owner"}),
    ("get", "centers/{center}/tax/", MONEY),
    ("get", "centers/{center}/tax/rate/", MONEY),
    ("get", "centers/{center}/billing/", MONEY),
    ("get", "centers/{center}/statement/", ALL),
    ("get", "centers/{center}/statement/pdf/", ALL),
    ("get", "centers/{center}/statement/export/csv/", ALL),
    ("get", "centers/{center}/carried/", ALL),
    ("get", "centers/{center}/carried/export/csv/", ALL),
    ("get", "home/money/", ALL),
    ("get", "home/quota/", ALL),
    ("get", "centers/{center}/prices/", MONEY),
    ("post", "centers/{center}/prices/links/", MONEY),
    ("get", "centers/{center}/prices/history/", MONEY),
    ("get", "centers/{center}/prices/history/export/csv/", ALL),
    ("get", "centers/{center}/prices/country/", MONEY),
    ("post", "centers/{center}/prices/country/preview/", MONEY),
    ("get", "centers/{center}/prices/currency/", MONEY),
    ("post", "centers/{center}/prices/currency/preview/", MONEY),
    ("post", "centers/chosen/charge/", MONEY),
    ("post", "centers/chosen/discount/", MONEY),
    ("get", "charges/export/csv/", ALL),
    ("get", "centers/{center}/charges/", ALL),
    ("get", "centers/{center}/charges/add/", MONEY),
    ("post", "centers/{center}/charges/preview/", MONEY),
    ("get", "centers/{center}/discounts/add/", MONEY),
    ("post", "centers/{center}/discounts/preview/", MONEY),
    ("get", "prices/plans/", MONEY),
    ("get", "prices/plans/add/", MONEY),
    ("get", "centers/{center}/plan/", MONEY),
    ("post", "centers/{center}/plan/preview/", MONEY),
    ("get", "centers/{center}/usage/", ALL),
    ("get", "centers/{center}/invoices/", ALL),
    ("get", "centers/{center}/balance/", ALL),
]
PORTAL = ["prices/", "usage/", "usage/export/csv/", "invoices/", "invoices/{invoice}/", "balance/"]
PORTAL += [
    "prices/export/csv/",
    "prices/changes/export/csv/",
    "prices/pdf/",
    "invoices/{invoice}/pdf/",
    "invoices/{invoice}/xml/",
    "invoices/lines/{line}/",
    "statement/",
    "statement/pdf/",
    "statement/export/csv/",
]
#: Tried where what they act on is made: a job, a list that waits, a number, a reading, unread days, a payment, a stop,
#: a dispute, a write-off, named rules.
ELSEWHERE = {
    "instance_usage",
    "rates_refresh",
    "rate_list_confirm",
    "rate_list_refuse",
    "flagged_usage_resolve",
    "days_waive",
    "payment_reverse",
    "invoice_link",
    "payment_attach",
    "payment_attachment",
    "flagged_payment",
    "flagged_payment_dismiss",
    "reported_payment",
    "reported_payment_file",
    "reported_payment_refuse",
    "bank_line",
    "bank_line_pass",
    "conversion_reverse",
    "plan_terms",
    "plan_terms_preview",
    "plan_archive",
    "charge_end",
    "charge_withdraw",
    "price_link_revoke",
    "discount_end",
    "discount_withdraw",
    "payment_receipt",
    "safety_stop_release",
    "dispute_close",
    "write_off_reverse",
    "dunning_policy",
    "dunning_policy_delete",
}


@pytest.mark.parametrize(("method", "path", "allowed"), PAGES)
def test_staff_pages_let_in_whom_they_should(desk: Desk, method: str, path: str, allowed: set[str]) -> None:
    address = desk.url(path.format(**desk.ids()))
    found = desk.statuses(method, address, ALL, allowed)
    assert {role for role, status in found.items() if status != 403} == allowed
    assert set(found.values()) & {200, 302, 422}
    assert set(found.values()) <= {200, 302, 403, 405, 422}
    for outsider in desk.in_turn(address, desk.stranger, desk.admin, desk.viewer):
        assert getattr(desk.as_(outsider), method)(address, headers=FRAGMENT).status_code == 404


@pytest.mark.parametrize(("method", "path"), [(row[0], row[1]) for row in PAGES if "{" in row[1]])
def test_what_is_not_ours_does_not_exist(desk: Desk, method: str, path: str) -> None:
    address = desk.url(path.format(**desk.ids(desk.foreign)))
    response = getattr(desk.as_(desk.owner), method)(address)
    assert response.status_code == 404
    assert b"Foreign Canary" not in response.content


@pytest.mark.parametrize("path", [row[1] for row in PAGES if row[0] == "post" and "exchange" not in row[1]])
def test_changes_need_a_post(desk: Desk, path: str) -> None:
    address = desk.url(path.format(**desk.ids()))
    assert desk.as_(desk.owner).get(address).status_code == 405


@pytest.mark.parametrize("path", PORTAL)
def test_the_portal_is_for_its_own_people(desk: Desk, path: str) -> None:
    address = desk.portal(path.format(**desk.ids()))
    for own in desk.in_turn(address, desk.admin, desk.viewer):
        assert desk.as_(own).get(address).status_code == 200
    for outsider in desk.in_turn(address, desk.owner, desk.stranger):
        assert desk.as_(outsider).get(address, headers=FRAGMENT).status_code == 404


@pytest.mark.parametrize("path", ["invoices/{invoice}/", "invoices/{invoice}/pdf/", "invoices/lines/{line}/"])
def test_another_centers_invoice_is_not_in_the_portal(desk: Desk, path: str) -> None:
    address = desk.portal(path.format(**desk.ids(desk.foreign)))
    assert desk.as_(desk.admin).get(address).status_code == 404


def test_every_address_of_the_room_is_tried() -> None:
    tried = {_name(f"/r/x/{path}") for _method, path, _allowed in PAGES} | ELSEWHERE
    assert {pattern.name for pattern in staff_urls.urlpatterns} == tried
    # `portal_pay` only where there is a gateway, `portal_top_up` where there is a limit.
    portal_tried = {_name(f"/c/1/{path}") for path in PORTAL} | {
        "portal_pay",
        "portal_receipt",
        "portal_top_up",
        "portal_top_up_ask",
    }
    assert {pattern.name for pattern in portal_urls.urlpatterns} == portal_tried


def _name(path: str) -> str | None:
    return get_resolver().resolve(path.format(center=1, invoice=1, line=1, rates=1, gap=1)).url_name
