"""Plans on pages: adding, new terms, archiving, choosing one for a center, and what the center sees."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation

from billing.charges import add_discount
from billing.documents.texts import detail_parts
from billing.invoicing import issue_invoice
from billing.models import Charge, Invoice, Plan, PlanTerms
from billing.plans import add_plan, choose_plan
from billing.queries.plans import plan_notes
from centers.models import Center
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.invoices import APRIL_5, MARCH
from tests.billing.tax.shops import register, tax_rate
from tests.billing.views.conftest import CANARY, Desk
from whatsapp.models import Instance

TERMS = {"amount": "310", "included": "1000", "beyond": "", "day": "2026-03-01"}
NEW = {"name": "Basic", "currency": "USD", **TERMS}
MARCH_1 = date(2026, 3, 1)


def _plan(desk: Desk, **fields: Any) -> Plan:
    with tenant(desk.reseller):
        values: dict[str, Any] = {"name": "Basic", "currency": "USD", "amount": "310", "included": 1000}
        values |= {"reseller": desk.reseller, "day": MARCH_1, "by": None, "now": NOW}
        return add_plan(**values | fields)


def _chosen(desk: Desk, **fields: Any) -> Plan:
    plan = _plan(desk, **fields)
    with tenant(desk.reseller):
        choose_plan(center=desk.center, plan=plan, day=MARCH_1, by=None, now=NOW, confirmation=None)
    return plan


def _confirmed(client: Any, address: str, data: dict[str, str]) -> Any:
    """Post it; the desk's center used one very dear message last month, so what is lost has to be typed."""
    page = client.post(address, data)
    assert page.status_code == 422
    (phrase,) = re.findall(r'select-all">([^<]+)</bdi>', page.content.decode())
    return client.post(address, data | {"confirm": phrase})


def _text(desk: Desk, address: str) -> str:
    page: bytes = desk.as_(desk.billing).get(desk.url(address)).content
    return page.decode()


def test_without_plans_the_center_is_offered_to_add_one_and_no_empty_list(desk: Desk) -> None:
    address, add = desk.url(f"centers/{desk.center.pk}/plan/"), desk.url("prices/plans/add/")
    page = desk.as_(desk.owner).get(address).content.decode()
    assert add in page
    assert "<select" not in page
    _plan(desk)
    page = desk.as_(desk.owner).get(address).content.decode()
    assert add not in page
    assert "Basic (USD)" in page


def test_a_plan_is_added_gets_new_terms_and_is_archived(desk: Desk) -> None:
    assert "No plans" in _text(desk, "prices/plans/")
    client = desk.as_(desk.billing)
    assert client.post(desk.url("prices/plans/add/"), NEW | {"per_number": "on"}).status_code == 302
    plan = Plan.objects.model._base_manager.get()
    assert (plan.name, plan.per_number) == ("Basic", True)
    page = _text(desk, "prices/plans/")
    assert 'for each number, with <bdi dir="ltr" class="number">1,000</bdi> messages a month' in page
    assert "beyond: by the price list" in page
    address = desk.url(f"prices/plans/{plan.pk}/terms/")
    assert "In USD" in client.get(address).content.decode()
    later = {"amount": "290", "included": "900", "beyond": "0.0375", "day": "2026-04-01"}
    assert client.post(address, later).status_code == 302
    assert PlanTerms.objects.model._base_manager.count() == 2
    page = _text(desk, "prices/plans/")
    assert "0.0375" in page
    assert "Scheduled" in page
    assert client.post(desk.url(f"prices/plans/{plan.pk}/archive/")).status_code == 302
    assert "Archived" in _text(desk, "prices/plans/")


def test_a_plan_with_a_tax_of_its_own_keeps_it_in_new_terms(desk: Desk) -> None:
    """The form begins with it; a reverse charge isn't offered, and the preview of new terms has their tax."""
    with tenant(desk.reseller):
        register(desk.shop)
        tax_rate(desk.shop, "15", valid_from=MARCH_1)
    client = desk.as_(desk.billing)
    own = {"tax_category": "E", "tax_reason": "Article 29"}
    assert client.post(desk.url("prices/plans/add/"), NEW | own).status_code == 302
    plan = Plan.objects.model._base_manager.get()
    with tenant(desk.reseller):
        choose_plan(center=desk.center, plan=plan, day=MARCH_1, by=None, now=NOW, confirmation=None)
    assert "Exempt from VAT: Article 29" in _text(desk, "prices/plans/")
    address = desk.url(f"prices/plans/{plan.pk}/terms/")
    form = client.get(address).context["form"]
    assert [form[name].value() for name in own] == ["E", "Article 29"]
    assert "AE" not in dict(form.fields["tax_category"].choices)
    shown = client.post(f"{address}preview/", TERMS | {"tax_category": "S", "tax_percent": "5"})
    assert "325.50" in shown.content.decode()
    assert "tax_percent" in client.post(address, TERMS | {"tax_category": "S"}).context["form"].errors
    with tenant(desk.reseller):
        (note,) = plan_notes(desk.center, MARCH_1)
    assert note.endswith("Exempt from VAT: Article 29.")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": " "}, "is-invalid"),
        ({"amount": "0"}, "above zero"),
        ({"included": "-1"}, "is-invalid"),
        ({"beyond": "0"}, "above zero"),
        ({"day": "2036-03-01"}, "Choose a day between"),
        ({"currency": "XXX"}, "is-invalid"),
    ],
)
def test_what_is_wrong_with_a_plan_stands_beside_the_field(
    desk: Desk, change: dict[str, str], sentence: str
) -> None:
    page = desk.as_(desk.billing).post(desk.url("prices/plans/add/"), NEW | change)
    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert not Plan.objects.model._base_manager.exists()


def test_the_invoice_before_and_after_is_shown_before_the_plan_is_saved(desk: Desk) -> None:
    plan = _plan(desk)
    address = desk.url(f"centers/{desk.center.pk}/plan/")
    client = desk.as_(desk.billing)
    chosen = {"plan": str(plan.pk), "day": "2026-03-01", "until": ""}
    assert "No plan from this day on" not in client.get(address).content.decode()
    preview = client.post(f"{address}preview/", chosen).content.decode()
    assert "310.00" in preview
    assert not Charge.objects.model._base_manager.exists(), "nothing is saved"
    response = _confirmed(client, address, chosen)
    assert response.status_code == 302
    assert response.url.endswith("?tab=center_prices")
    assert "No plan from this day on" in client.get(address).content.decode()
    assert "0 of 1,000 included messages used" in _text(desk, f"centers/{desk.center.pk}/prices/")
    early = client.post(address, {"plan": "none", "day": "2026-02-10", "until": ""})
    assert early.status_code == 422
    assert "invoiced already" in early.content.decode()
    assert client.post(address, {"plan": "none", "day": "2026-03-02", "until": ""}).status_code == 302
    with tenant(desk.reseller):
        assert Charge.objects.get().end_day == date(2026, 3, 2)


def test_new_terms_show_invoices_before_and_after(desk: Desk) -> None:
    plan = _chosen(desk)
    address = desk.url(f"prices/plans/{plan.pk}/terms/")
    client = desk.as_(desk.billing)
    assert "Complete the form" in client.get(address).content.decode()
    preview = client.post(f"{address}preview/", TERMS | {"amount": "620"}).content.decode()
    assert desk.center.name in preview
    for total in ("310.00", "620.00"):
        assert total in preview
    assert PlanTerms.objects.model._base_manager.count() == 1, "nothing is saved"
    assert "Complete the form" in client.post(f"{address}preview/", {}).content.decode()
    early = client.post(f"{address}preview/", TERMS | {"day": "2026-02-10"}).content.decode()
    assert "310.00" not in early
    with tenant(desk.reseller):
        choose_plan(center=desk.center, plan=None, day=MARCH_1, by=None, now=NOW)
    assert "No center has the plan" in client.post(f"{address}preview/", TERMS).content.decode()


def test_the_preview_says_what_prevents_a_centers_new_terms_and_names_five_centers(desk: Desk) -> None:
    plan = _chosen(desk)
    with tenant(desk.reseller):
        charge = Charge.objects.get()
        add_discount(center=desk.center, charge=charge, amount="300", day=MARCH_1, by=None, now=NOW)
        for _each in range(6):
            center = desk.shop.new_center(name=f"Zed {_each}")
            Center.objects.filter(pk=center.pk).update(created_at=NOW.replace(day=1))
            choose_plan(center=center, plan=plan, day=MARCH_1, by=None, now=NOW, confirmation=None)
    address = desk.url(f"prices/plans/{plan.pk}/terms/")
    client = desk.as_(desk.billing)
    preview = client.post(f"{address}preview/", TERMS | {"amount": "299"}).content.decode()
    assert "more than the price. End it first." in preview
    assert "Zed 3" in preview
    assert "Zed 4" not in preview
    assert ">2</bdi> more centers" in preview
    page = client.post(address, TERMS | {"amount": "299"})
    assert page.status_code == 422
    assert "more than the price. End it first." in page.content.decode()


def test_a_plan_below_cost_asks_to_type_what_it_loses(desk: Desk) -> None:
    plan = _plan(desk)
    client = desk.as_(desk.billing)
    address = desk.url(f"centers/{desk.center.pk}/plan/")
    chosen = {"plan": str(plan.pk), "day": "2026-03-01", "until": ""}
    assert "Type this to confirm" not in client.get(address).content.decode()
    assert "Below cost" in client.post(f"{address}preview/", chosen).content.decode()

    wrong = client.post(address, chosen | {"confirm": "yes"}).content.decode()
    assert "match. Type exactly: 1 center" in wrong
    assert not Charge.objects.model._base_manager.exists()
    assert _confirmed(client, address, chosen).status_code == 302
    address = desk.url(f"prices/plans/{plan.pk}/terms/")
    assert "Below cost" in client.post(f"{address}preview/", TERMS).content.decode()
    assert _confirmed(client, address, TERMS).status_code == 302


def test_a_plan_of_another_currency_is_refused_beside_the_field(desk: Desk) -> None:
    plan = _plan(desk, currency="SAR")
    chosen = {"plan": str(plan.pk), "day": "2026-03-01", "until": ""}
    for path in ("plan/", "plan/preview/"):
        page = desk.as_(desk.billing).post(desk.url(f"centers/{desk.center.pk}/{path}"), chosen)
        assert "is sold in SAR" in page.content.decode()


def test_another_resellers_plan_does_not_exist(desk: Desk) -> None:
    with tenant(desk.other.reseller):
        foreign = add_plan(
            reseller=desk.other.reseller, name="Foreign Canary", currency="USD", amount="1", included=1, day=MARCH_1,
            by=None, now=NOW,
        )  # fmt: skip
    client = desk.as_(desk.owner)
    assert "Foreign Canary" not in _text(desk, "prices/plans/")
    for path in ("terms", "terms/preview", "archive"):
        assert client.post(desk.url(f"prices/plans/{foreign.pk}/{path}/")).status_code == 404
    address = desk.url(f"centers/{desk.center.pk}/plan/")
    assert client.post(address, {"plan": str(foreign.pk), "day": "2026-03-01"}).status_code == 422
    for person in (desk.support, desk.viewer):
        own = _plan(desk, name=person.email)
        response = desk.as_(person).post(desk.url(f"prices/plans/{own.pk}/archive/"))
        assert response.status_code in (403, 404)


def _issued(desk: Desk) -> Invoice:
    """March with 1,200 of 1,000 messages."""
    _chosen(desk)
    with tenant(desk.reseller):
        number = Instance.objects.filter(center=desk.center).first() or desk.shop.number()
        desk.shop.read_all([(number, day) for day in MARCH.days()], at=APRIL_5)
        desk.shop.read(number, date(2026, 3, 10), sent=1200, cost=Decimal(CANARY), at=APRIL_5)
        Center.objects.filter(pk=desk.center.pk).update(language="en")
        return issue_invoice(center=desk.center, period=MARCH, by=None, now=APRIL_5)


def test_lines_explain_what_was_included_used_and_beyond(desk: Desk) -> None:
    invoice = _issued(desk)
    counted = "1,200 messages, 1,000 of them included, 200 beyond"
    with tenant(desk.reseller):
        lines = {line.kind: line.pk for line in invoice.lines.all()}
    assert set(lines) >= {"usage", "plan", "beyond"}
    for kind in ("usage", "plan", "beyond"):
        page = _text(desk, f"invoices/lines/{lines[kind]}/")
        assert counted in page, kind
        portal = desk.as_(desk.viewer).get(desk.portal(f"invoices/lines/{lines[kind]}/")).content.decode()
        assert counted in portal, kind
        assert CANARY not in portal
    assert "Price of a month" in _text(desk, f"invoices/lines/{lines['plan']}/")
    page = _text(desk, f"invoices/{invoice.pk}/")
    viewer = desk.as_(desk.viewer)
    ubl, portal = (
        viewer.get(desk.portal(f"invoices/{invoice.pk}/{part}")).content.decode() for part in ("xml/", "")
    )
    for said in ("<bdi>Plan “Basic”", "Messages in the plan “Basic”", "Messages beyond the plan “Basic”"):
        assert said in page
        assert said in portal
        assert said.removeprefix("<bdi>") in ubl
    assert "Recurring charge" not in page + portal + ubl


def test_the_price_of_a_plan_is_named_by_it_and_issued_lines_stay(desk: Desk) -> None:
    invoice = _issued(desk)
    with tenant(desk.reseller):
        line = invoice.lines.get(kind="plan")
        assert detail_parts(line) == ["Plan “Basic”", "1 Mar 2026 – 31 Mar 2026"]
        with translation.override("ar"):
            assert detail_parts(line)[0] == "الباقة «\u2068Basic\u2069»"
        line.number_label = "Reception (DEMO-1)"
        assert detail_parts(line)[0] == "Plan “Basic”"
        line.kind, line.number_label = "recurring", ""  # issued before there was a kind of its own
        assert detail_parts(line)[0] == "Recurring charge"


def test_the_center_sees_its_plan_and_what_is_used(desk: Desk) -> None:
    _chosen(desk, beyond=Decimal("0.0375"))
    with tenant(desk.reseller):
        number = desk.shop.number(held_since=NOW)
        desk.shop.read(number, date(2026, 3, 5), sent=412, cost=CANARY)
    page = desk.as_(desk.viewer).get(desk.portal("prices/")).content.decode()
    assert "412 of 1,000 included messages used" in page
    assert "310.00" in page
    assert CANARY not in page
    arabic = desk.as_(desk.viewer)
    arabic.cookies["django_language"] = "ar"
    assert "Basic" in arabic.get(desk.portal("prices/")).content.decode()
