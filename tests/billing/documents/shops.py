"""Resellers of countries whose documents are looked at."""

import io
from datetime import date
from decimal import Decimal

from PIL import Image

from billing.documents.settings import save_document_settings
from billing.models import DocumentSettings, Invoice
from billing.pricing.exchange_rates import set_exchange_rate
from billing.tax.identity import save_identity
from centers.models import Center, Reseller
from tests.billing.conftest import NOW, Shop
from tests.billing.invoices import issue
from tests.billing.tax.shops import register, tax_rate

DAY = date(2026, 2, 3)
LANGUAGES = DocumentSettings.Languages


def saudi(shop: Shop, *, currency: str = "SAR", languages: str = LANGUAGES.BOTH) -> None:
    """A registered Saudi reseller and center with all that their documents can say."""
    Reseller.objects.filter(pk=shop.reseller.pk).update(
        country="SA",
        name="Rimal Connect",
        support_contact="billing@rimal.example",
        payment_instructions="Bank: Al Rajhi Bank\nIBAN: SA03 8000 0000 6080 1016 7519\nReference: the invoice number",
    )
    Center.objects.filter(pk=shop.center.pk).update(
        country="SA", name="Noor Clinic", email="accounts@noor.example", currency=currency
    )
    refresh(shop)
    save_identity(
        reseller=shop.reseller,
        by=None,
        now=NOW,
        legal_name="شركة رمال للاتصالات المحدودة",
        address="7277 King Fahd Road",
        city="Riyadh",
        postal_code="12214",
        tax_number="300710482300003",
        registration_number="1010711252",
    )
    save_identity(
        reseller=shop.reseller,
        center=shop.center,
        by=None,
        now=NOW,
        legal_name="مجمع عيادات النور الطبي",
        address="شارع الأمير سلطان 12",
        city="جدة",
        tax_number="311111111100003",
        purchase_order="PO-2026-118",
    )
    register(shop)
    tax_rate(shop, "15")
    exchange(shop, "USD", "SAR", "3.75")
    choose(shop, languages=languages)


def refresh(shop: Shop) -> None:
    shop.reseller.refresh_from_db()
    shop.center.refresh_from_db()
    shop.center.reseller = shop.reseller


def exchange(shop: Shop, base: str, quote: str, rate: str, day: date = date(2026, 2, 1)) -> None:
    set_exchange_rate(
        reseller=shop.reseller, base=base, quote=quote, day=day, rate=Decimal(rate), by=None, now=NOW
    )


def choose(shop: Shop, **values: object) -> None:
    """Change settings of documents."""
    save_document_settings(reseller=shop.reseller, formats={}, year=2026, by=None, now=NOW, **values)


def billed(shop: Shop, *costs: str) -> Invoice:
    """An invoice with a line for each cost."""
    for place, cost in enumerate(costs or ("100",)):
        number = shop.number(label=f"Reception {place + 1}")
        shop.read(number, DAY, sent=1200 + place, failed=3, cost=cost)
    return issue(shop)


def logo(width: int, height: int) -> bytes:
    """A picture of that size."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(buffer, "PNG")
    return buffer.getvalue()
