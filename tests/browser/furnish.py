"""Data for browser tests through the product's own operations; runs in `manage.py shell` of a stack."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from billing.documents.settings import save_document_settings
from billing.dunning import hold
from billing.invoice_links import invoice_url
from billing.invoicing import issue_invoice
from billing.long_jobs import alone
from billing.models import Category, DocumentSettings, GapItem, Invoice, Rate, RateFetch, TaxCategory
from billing.payments import record_payment
from billing.periods import Period, day_start, previous_month, today
from billing.pricing.exchange_rates import set_exchange_rate
from billing.pricing.links import make_link, prices_url
from billing.pricing.margin_versions import set_margin
from billing.pricing.rates import refresh_rates
from billing.tax.identity import save_identity, save_tax_profile
from billing.tax.rates import set_tax_rate
from billing.usage.fetching import read_usage
from billing.usage.main_account import read_account_usage
from centers import clock, live
from centers.models import Center, Membership, Reseller, Role, User
from centers.notifications.channels.webhook import new_secret
from centers.notifications.destinations import add_destination
from centers.tenancy import invitations
from centers.tenancy.resellers import edit_reseller
from centers.tenancy.scoping import tenant
from devstack.demo_data.gateways import connect
from whatsapp.accounts import mazbot_zone
from whatsapp.alerts import lifecycle
from whatsapp.channels.template_settings import save_template
from whatsapp.models import Alert, DesiredReason, Instance, InstanceAssignment, Service
from whatsapp.pairing.sessions import create_link
from whatsapp.service.desired_state import set_desired_state

Person = tuple[str, str, str, str]  # e-mail address, role, center ("": staff), language


def join(slug: str, password: str, people: Sequence[Person]) -> None:
    """Let people accept invitations to the reseller or to one of its centers."""
    reseller = Reseller.objects.get(slug=slug)
    for email, role, center_name, language in people:
        with tenant(reseller):
            center = Center.objects.get(name=center_name) if center_name else None
            _, token = invitations.invite(
                reseller=reseller, email=email, role=role, center=center, by=_owner(reseller)
            )
        name = email.split("@")[0].title()
        person = User.objects.create_user(
            email, password, name=name, language=language, email_proven_at=clock.now()
        )
        invitations.accept_as(token=token, user=person)


def own_more(email: str, slugs: Sequence[str]) -> None:
    """Make an existing person the owner of further resellers."""
    for slug in slugs:
        reseller = Reseller.objects.create(name=slug.title(), slug=slug)
        Membership.objects.create(user=User.objects.get(email=email), reseller=reseller, role=Role.OWNER)


def hint(slugs: Sequence[str], *topics: str) -> None:
    """Send hints to the resellers' open pages."""
    for slug in slugs:
        live.publish(Reseller.objects.get(slug=slug).pk, *topics)


def trade(slug: str) -> None:
    """Rates, margins, and last month's last three days: billed to every center that used them.

    By name, in order: the first has an open invoice and a hold, the second is overdue, the third has paid.
    """
    reseller, now = Reseller.objects.get(slug=slug), clock.now()
    owner, month = _owner(reseller), previous_month(today(reseller, now))
    days = [month.end_day - timedelta(days=back) for back in (3, 2, 1)]
    with _no_long_job(reseller), tenant(reseller):
        _set_prices(reseller, owner, month.first_day)
        _hold(reseller, days)
        read_usage(reseller=reseller, instances=Instance.objects.all(), days=days, now=now)
        read_account_usage(reseller=reseller, now=now, days=days)
        period = Period(days[0], month.end_day)
        open_one, *others = Center.objects.order_by("name").select_related("reseller")
        hold(center=open_one, until=date(2100, 1, 1), because="They pay every quarter.", by=owner, now=now)
        issue_invoice(center=open_one, period=period, by=owner, now=now)
        for center, issued in zip(others, (now - timedelta(days=20), now), strict=False):
            invoice = issue_invoice(center=center, period=period, by=owner, now=issued)
        if len(others) > 1:
            _pay(invoice, owner, now)


def trade_in_riyadh(slug: str, sandbox_url: str) -> None:
    """A reseller registered for VAT that bills in riyals, in two languages, and is paid at the sandbox."""
    reseller, now = Reseller.objects.get(slug=slug), clock.now()
    by = _owner(reseller)
    fields = {"name": "Rimal Connect", "country": "SA", "support_contact": "billing@rimal.example"}
    reseller = edit_reseller(reseller=reseller, by=by, now=now, **fields)
    about: dict[str, Any] = {"reseller": reseller, "by": by, "now": now}
    with tenant(reseller):
        save_identity(**about, **_RIYADH)
        save_tax_profile(**about, is_registered=True, prices_include_tax=False)
        since = date(2020, 7, 1)
        set_tax_rate(**about, category=TaxCategory.STANDARD, percent=Decimal(15), reason="", valid_from=since)
        save_document_settings(**about, formats={}, year=now.year, languages=DocumentSettings.Languages.BOTH)
        refresh_rates(reseller=reseller, now=now)
        first_day = today(reseller, now).replace(day=1)
        set_exchange_rate(**about, base="USD", quote="SAR", day=first_day, rate=Decimal("3.75"))
        for center in Center.objects.all():
            Center.objects.filter(pk=center.pk).update(country="SA")
            save_identity(**about, center=center, **_JEDDAH)
        connect(sandbox_url, reseller, by, now)


_RIYADH = {
    "legal_name": "شركة رمال للاتصالات المحدودة",
    "address": "7277 King Fahd Road",
    "city": "Riyadh",
    "postal_code": "12214",
    "tax_number": "300710482300003",
    "registration_number": "1010711252",
}
_JEDDAH = {
    "legal_name": "مجمع عيادات النور الطبي",
    "address": "شارع الأمير سلطان 12",
    "city": "جدة",
    "tax_number": "311111111100003",
}


@contextmanager
def _no_long_job(reseller: Reseller) -> Iterator[None]:
    """The reseller's invoice run would invoice the month as soon as its usage is read."""
    while True:
        with alone(reseller.pk) as nothing_else_runs:
            if nothing_else_runs:
                yield
                return
        time.sleep(0.1)


def _hold(reseller: Reseller, days: Sequence[date]) -> None:
    """The numbers were with their centers on these days already; the days until now need no reading."""
    zone = mazbot_zone(reseller)
    InstanceAssignment.objects.bulk_create(
        InstanceAssignment(
            reseller=reseller,
            center_id=number.center_id,
            instance=number,
            mazbot_id=number.instance_id,
            since=day_start(days[0], zone),
            until=day_start(days[-1], zone) + timedelta(hours=23),
            first_day=days[0],
            last_day=days[-1],
            billed_from=days[0],
        )
        for number in Instance.objects.all()
    )


def open_alerts(slug: str, count: int, first: int = 0) -> None:
    """Numbers that are down, each with its alert; they aren't checked, so the alerts stay."""
    reseller, now = Reseller.objects.get(slug=slug), clock.now()
    with tenant(reseller):
        center, _ = Center.objects.get_or_create(
            reseller=reseller, name="Many Phones", defaults={"currency": "USD"}
        )
        numbers = Instance.objects.bulk_create(
            Instance(
                reseller=reseller,
                center=center,
                instance_id=f"many-{number:03d}",
                next_check_at=now + timedelta(days=1),
            )
            for number in range(first, first + count)
        )
        alerts = [
            Alert(reseller=reseller, center=center, instance=row, kind=Alert.Kind.DISCONNECTED, opened_at=now)
            for row in numbers
        ]
        lifecycle.open_alerts(reseller=reseller, alerts=alerts)


def reach_team(slug: str) -> None:
    """Two webhooks of the team, the second not verified; no messages are chosen for them, so nothing goes there."""
    reseller = Reseller.objects.get(slug=slug)
    with tenant(reseller):
        for name, verified in (("Night shift", True), ("Our own program", False)):
            add_destination(
                reseller=reseller,
                user=None,
                channel="webhook",
                address=f"{new_secret()} https://93.184.216.34/{name[:5]}",
                label=name,
                by=_owner(reseller),
                now=clock.now(),
                verified=verified,
            )


def pay_all(slug: str) -> None:
    """Let every center pay all open invoices."""
    reseller, now = Reseller.objects.get(slug=slug), clock.now()
    with tenant(reseller):
        for invoice in Invoice.objects.filter(open_amount__gt=0).select_related("center__reseller"):
            _pay(invoice, _owner(reseller), now)


def _pay(invoice: Invoice, by: User, now: datetime) -> None:
    record_payment(
        center=invoice.center,
        amount=invoice.total,
        currency=invoice.currency,
        reference=f"TRF-{invoice.number}",
        received_on=today(invoice.reseller, now),
        by=by,
        now=now,
    )


def switch(slug: str, desired: str) -> None:
    """Set the desired state of every number of the reseller."""
    reseller, now = Reseller.objects.get(slug=slug), clock.now()
    with tenant(reseller):
        set_desired_state(
            instances=Instance.objects.all(),
            state=Service(desired),
            reason=DesiredReason.MANUAL,
            by=_owner(reseller),
            now=now,
        )


def link(slug: str, instance_id: str) -> str:
    """The token of a one-time pairing link."""
    reseller = Reseller.objects.get(slug=slug)
    with tenant(reseller):
        instance = Instance.objects.select_related("center", "reseller").get(instance_id=instance_id)
        _, token = create_link(instance=instance, by=_owner(reseller), now=clock.now())
    return token


def invoice_link(slug: str) -> str:
    """The address of an invoice without an account."""
    reseller = Reseller.objects.get(slug=slug)
    with tenant(reseller):
        return invoice_url(Invoice.objects.select_related("center").earliest("pk"))


def price_link(slug: str) -> str:
    """The address of a center's prices without an account."""
    reseller = Reseller.objects.get(slug=slug)
    with tenant(reseller):
        center = Center.objects.earliest("pk")
        return prices_url(make_link(center=center, by=None, now=clock.now()))


def _set_prices(reseller: Reseller, owner: User, first_day: date) -> None:
    now = clock.now()
    refresh_rates(reseller=reseller, now=now)
    set_exchange_rate(
        reseller=reseller, base="USD", quote="OMR", day=first_day, rate=Decimal("0.3845"), by=owner, now=now
    )
    for category, percent, fixed in ((Category.MESSAGE, "20", "0.002"), (Category.SUBSCRIPTION, "15", "1")):
        set_margin(
            reseller=reseller,
            category=category,
            percent=Decimal(percent),
            fixed=Decimal(fixed),
            valid_from=first_day,
            by=owner,
            now=now,
        )
    _let_rates_wait(reseller, now)
    GapItem.objects.create(
        reseller=reseller, kind=GapItem.Kind.DAY, first_day=first_day, currency="USD", amount=Decimal("12.5"),
        opened_at=now, changed_at=now,
    )  # fmt: skip


def _let_rates_wait(reseller: Reseller, now: datetime) -> None:
    """A general list that waits for confirmation, with one rate a hundred times as high as before."""
    fetch: RateFetch = RateFetch.objects.create(
        reseller=reseller, first_fetched_at=now, fetched_at=now, state=RateFetch.State.WAITING
    )
    Rate.objects.create(reseller=reseller, fetch=fetch, type="marketing", cost=Decimal(5), currency="USD")


def _owner(reseller: Reseller) -> User:
    return Membership.objects.filter(reseller=reseller, role=Role.OWNER).earliest("pk").user


def carry_by_whatsapp(slug: str, template_id: str) -> None:
    """Have an approved template with four places carry every message that has no template of its own."""
    reseller = Reseller.objects.get(slug=slug)
    with tenant(reseller):
        for language in ("en", "ar"):
            save_template(
                reseller=reseller, kind="", language=language, template_id=template_id,
                variables=["subject", "text", "link", "sender"], by=_owner(reseller), now=clock.now(),
            )  # fmt: skip


def brand(slug: str, name: str) -> None:
    """Give the reseller the name, color and contact that its messages show."""
    reseller = Reseller.objects.get(slug=slug)
    fields = {"name": name, "colour": "#1d4ed8", "support_contact": "help@rimal.example"}
    edit_reseller(reseller=reseller, by=_owner(reseller), now=clock.now(), **fields)
