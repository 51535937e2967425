"""A center never receives a cost, a margin or a profit: not on a page, not in a file, header or mail."""

import io
import re
import zipfile
import zlib
from datetime import date, timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.conf import settings
from django.core import mail

from billing.dunning import send_reminders
from billing.dunning.over_limit import set_credit_terms
from billing.invoicing import Part, credit_invoice
from billing.jobs import dunning_job, limits_job, prices_job
from billing.limits.terms import LIMIT
from billing.policies import save_policy
from centers.models import Center, Notification
from centers.notifications.compose import compose
from centers.notifications.delivery import deliver_due
from centers.notifications.registry import kinds
from centers.queue.job_runs import recorded_run
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW, Shop
from tests.billing.mails.reading import mails
from tests.billing.views.conftest import CANARY, Desk
from tests.billing.views.test_access import PORTAL

SPELLINGS = (CANARY, "91,827.36", "91827,36", "9182736", "91827")


def _texts(content: bytes) -> list[str]:
    """A body as text, and what is packed inside it (XLSX, PDF streams)."""
    found = [content.decode("utf-8", "replace")]
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found += [archive.read(name).decode("utf-8", "replace") for name in archive.namelist()]
    for part in content.split(b"stream\r\n" if b"stream\r\n" in content else b"stream\n")[1:]:
        try:
            found.append(zlib.decompressobj().decompress(part).decode("latin-1"))
        except zlib.error:
            continue
    return found


@pytest.mark.parametrize("path", [*PORTAL, "usage/export/xlsx/", "usage/?by=month", "usage/?month=2026-02"])
@pytest.mark.parametrize("part", ["", "prices", "usage", "invoices", "invoice"])
def test_no_portal_answer_holds_a_cost(desk: Desk, path: str, part: str) -> None:
    headers = {"HX-Request": "true", "HX-Target": part} if part else {}
    response = desk.as_(desk.admin).get(desk.portal(path.format(**desk.ids())), headers=headers)
    assert response.status_code == 200
    body = b"".join(response.streaming_content) if response.streaming else response.content
    texts = [*_texts(body), str(response.headers)]
    assert not [spelling for spelling in SPELLINGS for text in texts if spelling in text]


def test_the_same_search_finds_the_cost_where_staff_may_see_it(desk: Desk) -> None:
    """Proves that the test above can fail."""
    page = desk.as_(desk.owner).get(desk.url(f"invoices/{desk.invoice.pk}/"))
    assert "91,827.36" in page.content.decode()
    export = desk.as_(desk.owner).get(desk.url("usage/export/xlsx/?month=2026-02"))
    assert any(CANARY in text for text in _texts(b"".join(export.streaming_content)))


@pytest.mark.parametrize(
    "path",
    [
        "invoices/{invoice}/",
        "invoices/lines/{line}/",
        "usage/?month=2026-02",
        "usage/export/csv/?month=2026-02",
        "home/money/",
    ],
)
def test_support_sees_no_cost_either(desk: Desk, path: str) -> None:
    response = desk.as_(desk.support).get(desk.url(path.format(**desk.ids())))
    body = b"".join(response.streaming_content) if response.streaming else response.content
    assert not [spelling for spelling in SPELLINGS if spelling in body.decode()]


def test_mails_to_a_center_hold_no_cost(desk: Desk) -> None:
    reseller = desk.shop.reseller
    with tenant(reseller):
        with recorded_run("dunning", reseller=reseller, now=NOW) as recorder:
            send_reminders(reseller=reseller, now=NOW, recorder=recorder)
        deliver_due(reseller=reseller, now=NOW)
        assert mails(state="sent").count() == len(mail.outbox) >= 2
    for message in mail.outbox:
        (pdf,) = message.attachments
        found = [message.message().as_string(), message.body, message.subject, *_texts(pdf.content)]
        assert not [spelling for spelling in SPELLINGS for text in found if spelling in text]


def test_no_kind_of_mail_to_a_center_holds_a_cost(desk: Desk) -> None:
    """Also of credit notes, receipts, suspensions and prices; every kind that contacts get is written here."""
    shop = desk.shop
    with tenant(shop.reseller):
        save_policy(reseller=shop.reseller, by=None, now=NOW, price_notice_days=30)
        shop.margin("20", valid_from=date(2026, 3, 20))
        prices_job(reseller=shop.reseller, now=NOW)
        invoice = shop.owe(CANARY, day=date(2026, 2, 12))
        line = invoice.lines.get()
        parts = {line.pk: Part(amount=Decimal(5))}
        credit_invoice(invoice=invoice, parts=parts, because="a test", by=None, now=NOW)
        set_credit_terms(center=shop.center, kind=LIMIT, limit=Decimal(220_000), by=None, now=NOW)
        limits_job(reseller=shop.reseller, now=NOW)
        found = read_mails(shop)
        for days in (-7, 1, 7, 30):
            dunning_job(reseller=shop.reseller, now=NOW + timedelta(days=days))
            found |= read_mails(shop)
        shop.pay("900000", now=NOW + timedelta(days=31))
        found |= read_mails(shop)
        assert set(found) >= {kind.name for kind in kinds() if kind.to_contacts}
        assert not [(kind, one) for one in SPELLINGS for kind, texts in found.items() if one in texts]


def read_mails(shop: Shop) -> dict[str, str]:
    """All that each kind of mail to the center says now, with its files."""
    found: dict[str, str] = {}
    for row in Notification.objects.filter(center=shop.center).order_by("pk"):
        said = compose(row, [row], row.created_at) if row.is_to_contact else None
        if said is not None:
            files = [text for file in said.attachments for text in _texts(file.make())]
            found[row.kind] = "\n".join([found.get(row.kind, ""), said.subject, said.text, str(said), *files])
    return found


def texts_on(desk: Desk, path: str) -> list[str]:
    page = desk.as_(desk.owner).get(desk.url(path)).content.decode()
    return [unescape(text) for text in re.findall(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)]


def arabic(desk: Desk) -> None:
    rows = Center.objects.model._base_manager.filter(pk=desk.center.pk)
    rows.update(language="ar", phone="+218912345678", email="center@example.com", contact_name="")


def test_an_invoice_is_sent_in_the_centers_language_with_its_amount_and_day(desk: Desk) -> None:
    arabic(desk)
    on_whatsapp, by_email = texts_on(desk, f"invoices/{desk.invoice.pk}/")
    assert on_whatsapp == by_email
    assert on_whatsapp.startswith("مرحبًا")
    assert f"{settings.SITE_URL}/invoice/" in on_whatsapp, "the page that needs no account"
    assert desk.invoice.number in on_whatsapp
    page = desk.as_(desk.owner).get(desk.url(f"invoices/{desk.invoice.pk}/")).content.decode()
    assert "https://wa.me/218912345678?text=" in page
    assert 'value="center@example.com"' in page


def test_a_price_list_is_sent_without_a_price(desk: Desk) -> None:
    arabic(desk)
    client, address = desk.as_(desk.owner), desk.url(f"centers/{desk.center.pk}/prices/")
    client.post(f"{address}links/")
    page = client.get(address).content.decode()
    texts = [unescape(text) for text in re.findall(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)]
    assert len(texts) == 2
    assert f"{settings.SITE_URL}/price-list/" in texts[0], "the page that needs no account"
    assert CANARY not in texts[0]
    assert "مرحبًا" in texts[0]


def test_a_paid_invoice_is_sent_without_a_day_on_which_it_is_due(desk: Desk) -> None:
    before, _email = texts_on(desk, f"invoices/{desk.invoice.pk}/")
    type(desk.invoice)._base_manager.filter(pk=desk.invoice.pk).update(open_amount=0)
    after, _email = texts_on(desk, f"invoices/{desk.invoice.pk}/")
    assert "is due on" in before
    assert "is due on" not in after
    assert desk.invoice.number in after
