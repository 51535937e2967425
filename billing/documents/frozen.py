"""What a document keeps from the day it is issued: who its parties are, and how it looks."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import cached_property

from billing.models import DocumentLogo, DocumentSettings, Gateway
from billing.tax.identity import Identities, identities_of, party_fields
from centers.models import Center, Reseller
from centers.values.languages import LANGUAGES

BRAND = "#0f6e6e"
BOTH = "both"
#: English first: it runs from left to right, as the pages of a document in two languages do.
SIDE_BY_SIDE = ("en", "ar")


def document_settings(reseller: Reseller) -> DocumentSettings:
    """The reseller's settings, or unsaved ones with the defaults."""
    row = DocumentSettings.objects.filter(reseller=reseller).first()
    return row or DocumentSettings(reseller=reseller)


@dataclass(frozen=True, slots=True)
class Common:
    """What documents to several centers of one reseller are made of, read once for all of them."""

    settings: DocumentSettings
    identities: Identities
    is_paid_online: bool  # at a gateway


def common_of(reseller: Reseller, centers: Iterable[Center]) -> Common:
    """The settings of the reseller, its legal identity and those of its centers, and whether it is paid online."""
    return Common(
        settings=document_settings(reseller),
        identities=identities_of(reseller, centers),
        is_paid_online=Gateway.taking_payments(reseller).exists(),
    )


def parties(
    center: Center, common: Common | None = None, *, note: str | None = None, purchase_order: str = ""
) -> dict[str, dict[str, Any]]:
    """Who bills whom, as they are now; what is known of their legal identities with it, and how the document looks.

    `common` was read before, for several centers; `note` replaces the reseller's usual one.
    """
    reseller = center.reseller
    known = common or common_of(reseller, [center])
    return {
        "reseller": {
            "name": reseller.name,
            "support_contact": reseller.support_contact,
            "payment_instructions": reseller.payment_instructions,
            **party_fields(known.identities, reseller),
        },
        "center": {
            "name": center.name,
            "contact_name": center.contact_name,
            "email": center.email,
            "phone": center.phone,
            **party_fields(known.identities, reseller, center),
        },
        "document": _look_of(center, known, note=note, purchase_order=purchase_order),
    }


def _look_of(center: Center, known: Common, *, note: str | None, purchase_order: str) -> dict[str, Any]:
    """What `parties["document"]` holds; read by `Look`. `note` replaces the one of the settings."""
    reseller, chosen = center.reseller, known.settings
    look = {
        "languages": languages_of(chosen.languages, center.language),
        "colour": reseller.colour,
        "logo": reseller.logo_version,
        "paid_online": known.is_paid_online,
        "seller_country": reseller.country,
        "buyer_country": center.country or reseller.country,
        "simplified": chosen.simplified,
        "note": chosen.note if note is None else note,
        "purchase_order": purchase_order,
    }
    return {name: value for name, value in look.items() if value}


def languages_of(chosen: str, own: str) -> list[str]:
    """The codes of a document's languages: `chosen` is one of DocumentSettings.Languages, `own` the center's."""
    if chosen == BOTH:
        return list(SIDE_BY_SIDE)
    return [chosen if chosen in LANGUAGES else own]


@dataclass(frozen=True)
class Look:
    """How a document looks: as it was issued; documents of earlier versions look as the reseller does now."""

    reseller: Reseller  # with its logo
    parties: dict[str, Any]

    @property
    def kept(self) -> dict[str, Any]:
        """What parties() gave when the document was issued."""
        found: dict[str, Any] = self.parties.get("document", {})
        return found

    @property
    def _is_kept(self) -> bool:
        return "document" in self.parties

    @property
    def colour(self) -> str:
        """`#0f6e6e`."""
        found = self.kept.get("colour") if self._is_kept else self.reseller.colour
        return found or BRAND

    @cached_property
    def logo(self) -> bytes | None:
        """A picture as PNG."""
        if not self._is_kept:
            return bytes(self.reseller.logo) if self.reseller.logo else None
        version = self.kept.get("logo", "")
        row = version and DocumentLogo.objects.filter(reseller=self.reseller, version=version).first()
        return bytes(row.picture) if row else None

    @property
    def payment_instructions(self) -> str:
        """How to pay, in several lines."""
        seller = self.parties.get("reseller", {})
        return str(seller.get("payment_instructions", self.reseller.payment_instructions)).strip()

    @property
    def seller_country(self) -> str:
        """A code of ISO 3166-1, or ""."""
        seller = self.parties.get("reseller", {})
        now = "" if self._is_kept else self.reseller.country
        return str(seller.get("country") or self.kept.get("seller_country") or now)

    @property
    def buyer_country(self) -> str:
        """A code of ISO 3166-1, or ""."""
        return str(self.parties.get("center", {}).get("country") or self.kept.get("buyer_country") or "")

    @property
    def is_simplified(self) -> bool:
        """Whether a tax invoice is a simplified one: the buyer has no tax number."""
        return bool(self.kept.get("simplified")) and not self.parties.get("center", {}).get("tax_number")

    @property
    def note(self) -> str:
        """What the reseller adds to the document."""
        return str(self.kept.get("note", ""))

    @property
    def purchase_order(self) -> str:
        """The buyer's reference."""
        center = self.parties.get("center", {})
        return str(self.kept.get("purchase_order") or center.get("purchase_order", ""))

    @property
    def is_paid_online(self) -> bool:
        """Whether it could be paid at a gateway on the day of issue."""
        return bool(self.kept.get("paid_online"))

    def languages(self, asked: str, own: str) -> list[str]:
        """The codes of the languages: those that are asked for (one of ours, or "both"), or those of the document."""
        if asked == BOTH:
            return list(SIDE_BY_SIDE)
        if asked in LANGUAGES:
            return [asked]
        known = [code for code in self.kept.get("languages", [own]) if code in LANGUAGES]
        return known or ["en"]
