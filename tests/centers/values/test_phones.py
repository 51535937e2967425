"""Phone numbers are read in a known country or refused, never guessed, and found however they are written."""

import phonenumbers
import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import translation
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from centers.models import AuditEntry, Center, Reseller
from centers.tenancy.lifecycle import create_center, edit_center
from centers.tenancy.permissions import Permission
from centers.tenancy.resellers import edit_reseller
from centers.tenancy.scoping import tenant
from centers.values.countries import country_choices, country_codes, country_of
from centers.values.phones import normalise_phone
from centers.web.search import search
from tests.factories import CenterFactory, ResellerFactory


@pytest.mark.parametrize(
    ("typed", "country", "stored"),
    [
        ("912345678", "LY", "+218912345678"),
        ("0912345678", "LY", "+218912345678"),
        ("091-234 5678", "LY", "+218912345678"),
        ("218912345678", "LY", "+218912345678"),
        ("٠٩١٢٣٤٥٦٧٨", "LY", "+218912345678"),
        ("\u202a0912345678\u202c", "LY", "+218912345678"),
        ("20123456", "TN", "+21620123456"),
        ("3123456", "LB", "+9613123456"),
        ("03123456", "LB", "+9613123456"),
        ("+96899887897", "LY", "+96899887897"),
        ("0096899887897", "LY", "+96899887897"),
        ("٠٠٩٦٨٩٩٨٨٧٨٩٧", "", "+96899887897"),
        ("", "LY", ""),
        (" \u200f ", "", ""),
    ],
)
def test_a_number_without_plus_is_read_in_its_country(typed: str, country: str, stored: str) -> None:
    assert normalise_phone(typed, country) == stored


@pytest.mark.parametrize(
    ("typed", "country", "example"),
    [
        ("20123456", "LY", "091-2345678"),
        ("3123456", "LY", "091-2345678"),
        ("966501234567", "LY", "091-2345678"),
        ("912345678", "", "+96899887897"),
        ("20123456", "", "+96899887897"),
        ("+12", "LY", "+96899887897"),
        ("+20123456", "", "+96899887897"),
        ("0020123456", "EG", "+96899887897"),
        ("+2012345678", "LY", "+96899887897"),
        ("+96650000000", "SA", "+96899887897"),
        ("+9661234567", "SA", "+96899887897"),
        ("+21891234567", "LY", "+96899887897"),
        ("+2189123456789", "LY", "+96899887897"),
        ("call me", "LY", "091-2345678"),
    ],
)
def test_what_is_no_number_there_is_refused_with_an_example(typed: str, country: str, example: str) -> None:
    with pytest.raises(ValidationError) as caught:
        normalise_phone(typed, country)
    assert f"“{typed}”" in caught.value.messages[0]
    assert example in caught.value.messages[0]


@pytest.mark.parametrize(
    "number",
    [
        "+201001234567", "+20225740000", "+2034801234", "+218912345678", "+218213333333", "+21620123456",
        "+213551234567", "+212650123456", "+249911231234", "+96899887897", "+96824123456", "+966501234567",
        "+966114567890",
        "+971501234567", "+97142345678", "+97433123456", "+96550012345", "+97336001234", "+967712345678",
        "+9647912345678", "+962790123456", "+970599123456", "+963944567890", "+9613123456", "+96171123456",
        "+9611123456", "+905012345678", "+12025550123", "+447400123456", "+4915123456789", "+33612345678",
    ],
)  # fmt: skip
def test_numbers_that_people_have_are_taken(number: str) -> None:
    assert normalise_phone(number) == number
    assert normalise_phone(f"00{number[1:]}", "LY") == number


def test_mobile_and_fixed_numbers_of_every_country_are_taken() -> None:
    for country in phonenumbers.SUPPORTED_REGIONS:
        for kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE):
            example = phonenumbers.example_number_for_type(country, kind)
            if example is not None:
                number = phonenumbers.format_number(example, PhoneNumberFormat.E164)
                assert normalise_phone(number) == number, (country, kind)


def test_a_mobile_range_that_the_library_does_not_know_yet_is_taken() -> None:
    number = "+201999999999"
    assert not phonenumbers.is_valid_number(phonenumbers.parse(number))
    assert normalise_phone(number) == number


@pytest.mark.django_db
class TestCenters:
    def test_a_center_takes_the_resellers_country_and_reads_its_phone_in_its_own(self) -> None:
        reseller: Reseller = ResellerFactory(country="LY")
        with tenant(reseller):
            center = create_center(reseller=reseller, by=None, name="A", phone="912345678")
            assert (center.country, center.phone) == ("LY", "+218912345678")
            center = edit_center(center=center, by=None, country="TN", phone="20123456")
            assert (center.country, center.phone) == ("TN", "+21620123456")
            assert AuditEntry.objects.latest("pk").data["changes"]["country"] == ["LY", "TN"]
            center = edit_center(center=center, by=None, country="", phone="912345678")
            assert center.phone == "+218912345678", "without a country of its own: the reseller's"

    def test_mazbots_country_id_may_be_any_text_with_latin_digits(self) -> None:
        reseller: Reseller = ResellerFactory()
        with tenant(reseller):
            assert create_center(reseller=reseller, by=None, name="A", country_id="٣").country_id == "3"
            assert create_center(reseller=reseller, by=None, name="B", country_id="LY-1").country_id == "LY-1"

    def test_a_country_that_iso_does_not_know_is_refused(self) -> None:
        reseller: Reseller = ResellerFactory()
        for code in ("XX", "ZZ", "EU", "ly"):
            with pytest.raises(Exception, match="t a country code"):
                edit_reseller(reseller=reseller, by=None, country=code)
        assert edit_reseller(reseller=reseller, by=None, country="LY").country == "LY"

    @pytest.mark.parametrize(
        "typed",
        [
            "00218912345678",
            "+218 91 234 5678",
            "0912345678",
            "091-234",
            "912345678",
            "٢١٨٩١٢",
            "\u20660912345678\u2069",
        ],
    )
    def test_a_phone_is_found_however_it_is_written(self, typed: str) -> None:
        reseller: Reseller = ResellerFactory()
        CenterFactory(reseller=reseller, name="Found", phone="+218912345678")
        CenterFactory(reseller=reseller, name="Other", phone="+96650000000")
        with tenant(reseller):
            hits = search(reseller, frozenset({Permission.VIEW}), typed)
        assert [hit.title for hit in hits if hit.icon == "building"] == ["Found"]

    def test_a_process_of_the_version_before_can_still_write_rows(self) -> None:
        reseller: Reseller = ResellerFactory()
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO centers_center (reseller_id, name, contact_name, email, phone, country_id, currency, "
                "language, notes, payment_status, version, created_at) "
                "VALUES (%s, 'Old', '', '', '', '', 'USD', 'en', '', 'clear', 0, now())",
                [reseller.pk],
            )
        with tenant(reseller):
            assert Center.objects.get(name="Old").country == ""


def test_the_countries_are_those_of_iso_3166_in_the_readers_language() -> None:
    assert len(country_codes()) == 249
    with translation.override("ar"):
        assert dict(country_choices())["LY"] == "ليبيا"
    assert dict(country_choices())["LY"] == "Libya"


@pytest.mark.parametrize(
    ("text", "code"),
    [("LY", "LY"), ("ly ", "LY"), ("Libya", "LY"), ("ليبيا", "LY"), ("Saudi arabia", "SA"), ("السعودية", "SA"),
     ("الإمارات العربية المتحدة", "AE"), ("الامارات العربيه المتحده", "AE"), ("Türkiye", "TR"), ("Nowhere", "NOWHERE")],
)  # fmt: skip
def test_a_country_is_understood_by_code_or_name(text: str, code: str) -> None:
    assert country_of(text) == code
