"""Messages about money: about alerts, to the people who look after it; mails, to the billing contacts of centers."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from functools import partial

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing import mail_texts
from billing.documents.invoice import document_of, invoice_filename
from billing.dunning.plan import planned_for
from billing.dunning.reminded import is_paused
from billing.invoice_links import invoice_url
from billing.limits import notices as limit_notices
from billing.limits.texts import limit_reached
from billing.mail import BY_WHATSAPP, SUSPENDED
from billing.models import Invoice, Suspension
from billing.periods import today
from billing.pricing.history import announcements
from billing.queries.portal_history import portal_changes_on
from centers.models import Notification, Role
from centers.notifications.message import Action, Attachment
from centers.notifications.registry import Content, Group, Kind, register_group, register_kind
from whatsapp.models import Alert
from whatsapp.notifications import texts
from whatsapp.notifications.kinds import open_count, register_alerts

MONEY = Group(
    name="money",
    label=_("Money"),
    text=_("Suspensions need a decision, the quota is running out, or usage or prices need a check."),
    order=30,
    roles=(Role.OWNER, Role.BILLING),
    overview=texts.overview,
    open_count=open_count,
)
#: No role: they go to contacts, and no one chooses them.
MAILS = Group(name="center_mails", label=_("Emails to centers"), order=80, roles=())


def connect() -> None:
    """Register the groups and their kinds."""
    register_alerts(MONEY, sorted(Alert.OF_MONEY), urgent=[Alert.Kind.SUSPENSIONS_HELD])
    register_group(MAILS)
    for kind in _mails():
        register_kind(kind)
    limit_notices.connect(MAILS.name)


def _mails() -> Iterator[Kind]:
    kinds = (
        ("invoice.issued", _("Invoice issued"), _issued, _("Invoice %(number)s")),
        ("credit_note.issued", _("Credit note"), _credited, _("Credit note %(number)s")),
        ("invoice.reminder", _("Reminder"), _reminder, _("Reminder: invoice %(number)s")),
        ("invoice.warning", _("Final warning"), _warning, _("Final warning: invoice %(number)s")),
        ("center.suspended", _("Numbers suspended"), _suspended, _("Numbers suspended")),
        ("center.resumed", _("Numbers active again"), _resumed, _("Numbers active again")),
        (announcements.KIND, _("Price change"), _prices, _("Price change")),
    )
    for name, label, write, line in kinds:
        yield Kind(
            name=name,
            group=MAILS.name,
            label=label,
            write=write,
            line=partial(_line, line),
            condenses=False,
            to_contacts=True,
            also_by=("whatsapp",) if name in BY_WHATSAPP else (),
        )


def _line(pattern: Promise, row: Notification) -> str:
    line: str = str(pattern) % row.context
    return line


def _issued(row: Notification, now: datetime) -> Content:
    invoice = _invoice(row)
    return _with_document(mail_texts.invoice_issued(invoice), invoice)


def _credited(row: Notification, now: datetime) -> Content | None:
    note = _invoice(row)
    if note.credits is None:
        return None
    return _with_document(mail_texts.credit_note_issued(note, note.credits), note)


def _reminder(row: Notification, now: datetime) -> Content | None:
    """None once the invoice is paid or void, or while reminders are paused: by a promise to pay, or a dispute."""
    invoice, day = _invoice(row), today(row.reseller, now)
    if invoice.open_amount <= 0 or is_paused(invoice, day):
        return None
    return _with_document(mail_texts.reminder(invoice, day), invoice)


def _warning(row: Notification, now: datetime) -> Content | None:
    """With the day that is planned now; a reminder, if none is any longer."""
    invoice, day = _invoice(row), today(row.reseller, now)
    if invoice.open_amount <= 0 or is_paused(invoice, day):
        return None
    planned = planned_for(invoice.center, now)
    if planned is not None:
        return _with_document(mail_texts.final_warning(invoice, planned.on), invoice)
    if not Suspension.objects.filter(center=row.center_id, ended_at=None).exists():
        return _reminder(row, now)
    # A late run warns and suspends on one day; later, the mail about the suspension says it all.
    if row.context.get("day") != day.isoformat():
        return None
    return _with_document(mail_texts.final_warning(invoice, day), invoice)


def _suspended(row: Notification, now: datetime) -> Content | None:
    """None if it is over by now."""
    case = _suspension(row)
    if case.ended_at is not None:
        return None
    if case.is_for_limit:
        return limit_reached(case.center, case.amount, case.currency, is_prepaid=case.is_for_prepaid)
    return mail_texts.suspended(case.center, case.amount, case.currency, case.because)


def _resumed(row: Notification, now: datetime) -> Content | None:
    """None for a center that is suspended again, or was never informed that it was suspended."""
    case = _suspension(row)
    again = Suspension.objects.filter(center=case.center, ended_at=None).exists()
    before = Notification.objects.filter(reseller=row.reseller, about=row.about, event=SUSPENDED)
    if again or before.filter(state=Notification.State.DROPPED).exists():
        return None
    return mail_texts.resumed(case.center)


def _prices(row: Notification, now: datetime) -> Content | None:
    """As the prices are known now; None if the change is off by now."""
    center, day = row.center, date.fromisoformat(row.context["day"])
    if center is None:
        return None
    center.reseller = row.reseller
    changes = portal_changes_on(center, day, now)
    return mail_texts.prices_changed(center, day, changes) if changes else None


def _invoice(row: Notification) -> Invoice:
    rows = Invoice.objects.select_related("center", "credits")
    invoice: Invoice = rows.get(pk=row.about.partition(":")[2])
    invoice.center.reseller = row.reseller
    return invoice


def _suspension(row: Notification) -> Suspension:
    case: Suspension = Suspension.objects.select_related("center").get(pk=row.about.partition(":")[2])
    case.center.reseller = row.reseller
    return case


def _with_document(content: Content, invoice: Invoice) -> Content:
    """With the document's page; what its PDF says is read here, and typeset once the message is handed over."""
    document = document_of(invoice)
    pdf = Attachment(invoice_filename(invoice), "application/pdf", document.typeset)
    label = gettext("View credit note") if invoice.is_credit_note else gettext("View invoice")
    return replace(content, attachments=(pdf,), actions=(Action(label, invoice_url(invoice)),))
