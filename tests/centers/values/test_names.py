"""Which names are the same is decided by PostgreSQL, and everything asks it."""

import unicodedata

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from centers import clock
from centers.errors import OperationRefused
from centers.forms import ArchiveForm
from centers.models import Center
from centers.tenancy.lifecycle import create_center, edit_center
from centers.tenancy.scoping import tenant
from centers.values.fields import CodeField, LineField
from centers.values.names import name_keys, same_name
from tests.factories import CenterFactory, ResellerFactory
from whatsapp.forms import TypedNameForm
from whatsapp.imports.run import preview_import, run_import
from whatsapp.models import ImportBatch

pytestmark = pytest.mark.django_db
HEADER = "center,contact_name,email,phone,country_id,currency,language,instance_id,label"
NFD = unicodedata.normalize("NFD", "Clinique Ébène")
SAME = [
    ("İstanbul Klinik", "istanbul klinik"),
    ("ISPARTA", "ısparta"),
    ("Clinique Ébène", NFD),
    ("Clinique Ébène", "CLINIQUE ÉBÈNE"),
    ("Al Noor", "\u200fal\u00a0\u2003noor\u200e "),
    ("مركز النور", "مَركَز النّــور"),
    ("لا", "\ufefb"),
    ("عيادة 12", "عيادة ١٢"),
    ("عيادة 12", "عيادة ۱۲"),
    ("ΝΙΚΟΣ", "νικος"),
    ("Ａｌ Noor", "al noor"),
    ("Heart \u2764", "Heart \u2764\ufe0f"),
    ("Noor\U000e0101", "Noor"),
    ("A\u2011Z", "a-z"),
    ("A\u2010Z", "A\u2013Z"),
    ("A\u2014Z", "A\u2212Z"),
    ("O\u2019Hara", "o'hara"),
    ("O\u00b4Hara", "o'hara"),
    ("Al “Noor”", 'al "noor"'),
    ("عیادة الکرک", "عيادة الكرك"),
    ("علی", "على"),
    ("ھدى", "هدى"),
    ("نــــور", "نور"),
    ("A\u2060l\u2064 No\u200bor", "Al Noor"),
    ("یٔ", "ئ"),
    ("ا\u0640\u0653", "آ"),
]
OTHERS = [("Al Noor", "Alnoor"), ("أمل", "امل"), ("مدرسة", "مدرسه"), ("Ebene", "Ébène"), ("A-1", "A 1")]


@pytest.mark.parametrize(
    "filler",
    ["\u3164", "\u2800", "\u034f", "\u115f", "\U000e0061", "\uffa0", "\u200b", "\u2064", "\u206a", "\ufff9"],
)
def test_what_no_one_sees_is_no_name_and_no_part_of_one(filler: str) -> None:
    field = LineField(required=True)
    with pytest.raises(ValidationError):
        field.clean(filler)
    assert field.clean(f"{filler}Vari{filler}") == "Vari"


@pytest.mark.parametrize("selector", ["\ufe0f", "\ufe00", "\U000e0100", "\u180b"])
def test_a_selector_alone_is_no_name_but_stays_with_its_emoji(selector: str) -> None:
    with pytest.raises(ValidationError):
        LineField(required=True).clean(f"\u200f{selector}\u200d")
    assert LineField().clean(f"{selector}Noor \u2764\ufe0f") == "Noor \u2764\ufe0f"
    assert CodeField().clean(f"T8\u2011Z1{selector}") == "T8-Z1"


@pytest.mark.parametrize(("one", "other"), SAME)
def test_names_that_look_the_same_are_the_same(one: str, other: str) -> None:
    assert same_name(one, other)
    assert len(set(name_keys([one, other]).values())) == 1


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_names_that_read_differently_are_others(one: str, other: str) -> None:
    assert not same_name(one, other)


def test_the_key_of_a_key_is_the_key() -> None:
    keys = set(name_keys(name for pair in [*SAME, *OTHERS] for name in pair).values())
    assert name_keys(keys) == {key: key for key in keys}


@pytest.mark.parametrize(("one", "other"), SAME)
def test_a_center_cannot_be_added_or_renamed_to_a_name_that_is_there(one: str, other: str) -> None:
    reseller = ResellerFactory()
    with tenant(reseller):
        create_center(reseller=reseller, by=None, name=one)
        with pytest.raises(OperationRefused, match="already"):
            create_center(reseller=reseller, by=None, name=other)
        second = create_center(reseller=reseller, by=None, name="Second")
        with pytest.raises(OperationRefused, match="already"):
            edit_center(center=second, by=None, name=other)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_preview_and_import_agree_on_how_many_centers_there_are(one: str, other: str) -> None:
    reseller = ResellerFactory()
    with tenant(reseller):
        first = imported(reseller, f"{HEADER}\n{one},,,,,,,i-1,\n{other},,,,,,,i-2,\n")
        assert (first.state, first.new_centers) == ("done", 1)
        again = imported(reseller, f"{HEADER}\n{other},,,,,,,i-3,\n")
        assert (again.state, again.new_centers) == ("done", 0)
        assert Center.objects.get().instances.count() == 3


@pytest.mark.parametrize(("one", "other"), SAME)
def test_a_typed_confirmation_takes_the_name_as_it_looks(one: str, other: str) -> None:
    assert ArchiveForm({"confirm": other}, expected=one).is_valid()
    assert TypedNameForm({"typed": other}, expected=one).is_valid()
    assert not ArchiveForm({"confirm": one + "x"}, expected=one).is_valid()


@pytest.mark.parametrize(("one", "other"), [*SAME, ("Al Noor 50% _x", "noor 50% _"), ("A\\b", "a\\")])
def test_a_name_is_found_however_it_is_written(one: str, other: str) -> None:
    reseller = ResellerFactory()
    center = CenterFactory(reseller=reseller, name=one)
    with tenant(reseller):
        assert Center.objects.filter(name__name_holds=other).get() == center
        assert not Center.objects.filter(name__name_holds="%").exclude(name__contains="%").exists()


def test_the_search_of_names_has_an_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        query = Center._base_manager.filter(name__name_holds="ébène klinik").order_by().query
        sql, params = query.sql_with_params()
        cursor.execute(f"EXPLAIN {sql}", params)
        assert "center_name_trgm" in "\n".join(row[0] for row in cursor.fetchall())


def imported(reseller: object, text: str) -> ImportBatch:
    now = clock.now()
    batch = preview_import(reseller=reseller, content=text.encode(), filename="x.csv", by=None, now=now)  # type: ignore[arg-type]
    assert batch.errors == []
    ImportBatch.objects.filter(pk=batch.pk).update(state="queued", queued_at=now)
    return run_import(batch=batch, now=now)
