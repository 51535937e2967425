"""Files as spreadsheets write them, each through the whole import; tests/whatsapp/samples holds them byte for byte."""

from pathlib import Path

import pytest

from centers.models import Center
from tests.factories import CenterFactory, InstanceFactory
from whatsapp.imports.run import preview_import, reread_import, run_import, start_import
from whatsapp.models import ImportBatch, Instance

SAMPLES = Path(__file__).parent / "samples"
State = ImportBatch.State
HEADER = "center,contact_name,email,phone,country_id,currency,language,instance_id,label"


def sample(name):
    return (SAMPLES / name).read_bytes()


def preview(place, content, now, **how):
    return preview_import(reseller=place.reseller, content=content, filename="c.csv", by=None, now=now, **how)


def take(place, content, now, **how):
    batch = preview(place, content, now, **how)
    assert [(e["line"], e["field"], str(e["message"])) for e in batch.errors] == []
    start_import(batch=batch, by=None, now=now)
    batch.refresh_from_db()
    return run_import(batch=batch, now=now)


@pytest.fixture
def libya(place):
    place.reseller.country = "LY"
    place.reseller.save()
    return place


def test_a_csv_of_arabic_excel_is_read_as_windows_1256_and_says_so(libya, now):
    batch = preview(libya, sample("01_excel_ar_cp1256_semicolon.csv"), now)
    assert (batch.state, batch.total, batch.reading["encoding"], batch.reading["certain"]) == (
        State.READY, 2, "cp1256", False,
    )  # fmt: skip
    take(libya, sample("01_excel_ar_cp1256_semicolon.csv"), now)
    center = Center.objects.get(name="عيادة النور")
    assert (center.contact_name, center.phone, center.country) == ("هدى سالم", "+218912345678", "LY")
    assert Center.objects.get(name="مركز الشفاء").instances.get().instance_id == "bug1-a2"


def test_arabic_digits_in_codes_become_latin_ones(libya, now):
    take(libya, sample("05_libreoffice_ar_arabic_digits.csv"), now)
    center = Center.objects.get(name="عيادة الرمال")
    assert (center.country_id, center.phone) == ("1", "+218912345678")
    assert center.instances.get().label == "خط ٢", "a label is a text, and stays as it is"


def test_a_phone_that_lost_its_zero_is_read_in_the_country_or_refused_with_an_example(libya, now):
    batch = preview(libya, sample("09_leading_zero_lost_phone.csv"), now)
    assert [(e["line"], e["field"]) for e in batch.errors] == [(3, "phone"), (4, "phone")]
    assert "Libya" in batch.errors[0]["message"]
    assert "091-2345678" in batch.errors[0]["message"]
    assert batch.rows[0]["phone"] == "+218912345678", "not +91…, a number in India"
    assert batch.rows[1]["phone"] == "20123456", "as the file has it, beside its error"
    assert not Instance.objects.exists()


def test_without_any_country_a_phone_without_plus_is_refused(place, now):
    batch = preview(place, sample("09_leading_zero_lost_phone.csv"), now)
    assert [(e["line"], e["field"]) for e in batch.errors] == [(2, "phone"), (3, "phone"), (4, "phone")]
    assert "no country is set" in batch.errors[0]["message"]


@pytest.mark.parametrize("spelled", ["LY,TN,LB", "ly,tn,lb", "Libya,Tunisia,Lebanon", "ليبيا,تونس,لبنان"])
def test_a_country_column_says_where_phones_are_from(place, now, spelled):
    one, two, three = spelled.split(",")
    rows = f"A,912345678,{one}\nB,20123456,{two}\nC,3123456,{three}\n"
    take(place, f"center,phone,country\n{rows}".encode(), now)
    found = Center.objects.exclude(pk=place.center.pk).order_by("name").values_list("phone", "country")
    assert list(found) == [("+218912345678", "LY"), ("+21620123456", "TN"), ("+9613123456", "LB")]


def test_the_country_of_one_row_counts_for_the_other_rows_of_the_center(place, now):
    take(place, b"center,phone,country,instance_id\nA,912345678,,i-1\nA,,LY,i-2\n", now)
    assert Center.objects.get(name="A").phone == "+218912345678"


def test_a_country_that_does_not_exist_is_refused(place, now):
    batch = preview(place, b"center,country\nA,XX\nB,Atlantis\n", now)
    assert [(e["line"], e["field"]) for e in batch.errors] == [(2, "country"), (3, "country")]


@pytest.mark.parametrize(("name", "numbers"), [("06b_nfd_vs_nfc.csv", 2), ("11_turkish_i.csv", 3)])
def test_spellings_of_one_name_are_one_center_in_preview_and_import_alike(place, now, name, numbers):
    batch = preview(place, sample(name), now)
    assert (batch.new_centers, batch.new_numbers) == (1, numbers)
    assert take(place, sample(name), now).state == State.DONE
    assert Center.objects.exclude(pk=place.center.pk).get().instances.count() == numbers


def test_headers_with_capitals_and_spaces_are_understood(place, now):
    take(place, sample("13b_header_words.csv"), now)
    assert Center.objects.get(name="GS Center2").instances.get().instance_id == "bug13b-1"


@pytest.mark.parametrize(
    "header",
    [
        "المركز;اسم جهة الاتصال;البريد الإلكتروني;رقم الهاتف;الدولة;العملة;اللغة;معرف الرقم;التسمية",
        "اسم المركز;جهة الاتصال;البريد الالكتروني;الجوال;البلد;عملة;لغة;معرّف الرقم;التسميه",
        "\u200fمركز\u200f;جهة اتصال;بريد;هاتف;دولة;العملة *;اللغة;معرف رقم;تسمية",
        "CENTER NAME;Contact;Email;Phone number;Country;Currency;Language;InstanceID;LABEL",
        "center;contact-name;e_mail;phone;country;currency;language;Instance Id:;label",
    ],
)
def test_headers_match_by_label_in_both_languages_whatever_the_spelling(place, now, header):
    row = "النور;هدى;h@n.example;0912345678;LY;LYD;ar;i-1;خط"
    take(place, f"{header}\n{row}\n".encode(), now)
    center = Center.objects.get(name="النور")
    assert (center.contact_name, center.email, center.phone, center.country, center.currency) == (
        "هدى", "h@n.example", "+218912345678", "LY", "LYD",
    )  # fmt: skip
    assert center.instances.get().label == "خط"


def test_unknown_columns_are_named_once_and_can_be_ignored(place, now):
    content = b"center,instance_id,Favourite colour,Shoe size\nA,i-1,red,43\nB,i-2,,\n"
    batch = preview(place, content, now)
    assert [(e["line"], e["field"]) for e in batch.errors] == [(1, "")]
    assert "“Favourite colour”, “Shoe size”" in batch.errors[0]["message"]
    reread_import(batch=batch, by=None, ignore_unknown=True)
    batch.refresh_from_db()
    assert (batch.state, batch.total, batch.reading["unknown"]) == (
        State.READY, 2, ["Favourite colour", "Shoe size"],
    )  # fmt: skip
    start_import(batch=batch, by=None, now=now)
    batch.refresh_from_db()
    assert run_import(batch=batch, now=now).state == State.DONE
    assert Instance.objects.count() == 2


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("Foo,Bar,Baz", "must hold the column names"),
        ("phone,instance_id", "column center is missing"),
        ("center,Center name,instance_id", "Two columns mean the same"),
    ],
)
def test_one_mistake_in_the_header_is_one_problem(place, now, header, said):
    row = ",".join("abc"[: header.count(",") + 1])
    batch = preview(place, f"{header}\n{row}\n{row}\n".encode(), now)
    assert len(batch.errors) == 1
    assert said in batch.errors[0]["message"]


def test_a_person_can_choose_another_encoding(place, now):
    content = f"{HEADER}\nŞişli Göz,,,,,,,i-1,\n".encode("cp1254")
    batch = preview(place, content, now)
    assert not batch.reading["certain"]
    reread_import(batch=batch, by=None, encoding="cp1254")
    batch.refresh_from_db()
    assert (batch.rows[0]["center"], batch.reading["certain"]) == ("Şişli Göz", True)
    reread_import(batch=batch, by=None, encoding="utf-8")
    batch.refresh_from_db()
    assert (batch.state, batch.errors[0]["line"]) == (State.INVALID, 2)
    assert "UTF-8" in batch.errors[0]["message"]


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("Clinique Ébène", "cp1252"),
        ("Café Müller & Söhne – “Zürich”", "cp1252"),
        ("Señora Núñez", "cp1252"),
        ("مركز النور", "cp1256"),
        ("مركز café", "cp1256"),
        ("عيادة", "cp1256"),
    ],
)
def test_the_encoding_is_recognised_by_its_words(place, now, name, encoding):
    batch = preview(place, f"{HEADER}\n{name},,,,,,,i-1,\n".encode(encoding), now)
    assert (batch.reading["encoding"], batch.rows[0]["center"]) == (encoding, name)


EXPORTED = [
    ("Al Waha Dental Clinic", "Huda Mansour", "center02@demo.example", "+971500204284", "5", "AED"),
    ("Alexandria Books", "Youssef Samir", "center22@demo.example", "+201002205024", "2", "EGP"),
    ("Blue Gulf Travel", "Omar Haddad", "center04@demo.example", "+971500404358", "5", "AED"),
]


def test_our_own_export_changes_nothing(place, now):
    for name, contact, email, phone, country_id, currency in EXPORTED:
        CenterFactory(
            reseller=place.reseller, name=name, contact_name=contact, email=email, phone=phone,
            country_id=country_id, currency=currency, notes="stays",
        )  # fmt: skip
    before = list(Center.objects.order_by("pk").values())
    batch = take(place, sample("90_own_export.csv"), now)
    assert (batch.new_numbers, batch.new_centers, batch.reading["unchanged"]) == (0, 0, 3)
    assert list(Center.objects.order_by("pk").values()) == before


def test_a_phone_that_repeats_what_is_stored_needs_no_country_but_another_does(place, now):
    center = CenterFactory(reseller=place.reseller, name="A", phone="+971500204284")
    assert preview(place, b"center,phone\nA,971500204284\n", now).errors == []
    batch = preview(place, b"center,phone\nA,971500204285\n", now)
    assert [e["field"] for e in batch.errors] == ["phone"]
    center.refresh_from_db()
    assert center.phone == "+971500204284"


def test_an_archived_center_is_left_alone_and_gets_no_numbers(place, now):
    CenterFactory(reseller=place.reseller, name="Gone", archived_at=now)
    batch = preview(place, b"center,contact_name\nGone,\n", now)
    assert (batch.errors, batch.reading["unchanged"], batch.reading["archived"]) == ([], 1, 1)
    assert [e["field"] for e in preview(place, b"center,instance_id\nGone,i-1\n", now).errors] == ["center"]


def test_importing_the_same_file_twice_adds_nothing(place, now):
    content = f"{HEADER}\nA,Huda,,+96899887897,1,OMR,ar,i-1,Desk\nA,,,,,,,i-2,\n".encode()
    take(place, content, now)
    batch = take(place, content, now)
    assert (batch.new_numbers, batch.new_centers, batch.reading["unchanged"]) == (0, 0, 2)
    assert (Instance.objects.count(), Center.objects.filter(name="A").count()) == (2, 1)


def test_a_number_that_exists_with_another_label_is_not_changed(place, now):
    InstanceFactory(center=place.center, instance_id="i-1", label="Desk")
    row = f"center,instance_id,label\n{place.center.name},i-1,Sales\n"
    assert [e["field"] for e in preview(place, row.encode(), now).errors] == ["label"]


def test_phone_numbers_of_numbers_are_read_like_those_of_centers(libya, now):
    content = "المركز,instance_id,رقم الواتساب\nA,i-1,0912345678\nA,i-2,\n"
    take(libya, content.encode(), now)
    assert list(Instance.objects.order_by("instance_id").values_list("whatsapp_number", flat=True)) == [
        "+218912345678",
        "",
    ]
    batch = preview(libya, b"center,instance_id,WhatsApp number\nA,i-1,218912345678\nA,i-3,12345\n", now)
    assert [(e["line"], e["field"]) for e in batch.errors] == [(3, "whatsapp_number")]


def test_a_number_that_exists_with_another_phone_number_is_not_changed(place, now):
    InstanceFactory(center=place.center, instance_id="i-1", whatsapp_number="+96899887897")
    for cell, wrong in (("+96899887898", ["whatsapp_number"]), ("96899887897", []), ("", [])):
        row = f"center,instance_id,whatsapp_number\n{place.center.name},i-1,{cell}\n"
        assert [e["field"] for e in preview(place, row.encode(), now).errors] == wrong


def test_centers_may_come_without_numbers_but_not_beside_an_empty_id(place, now):
    batch = take(place, b"center,phone\nNew,+96899887897\n", now)
    assert (batch.new_centers, batch.new_numbers) == (1, 0)
    batch = preview(place, b"center,instance_id\nOther,\n", now)
    assert [e["field"] for e in batch.errors] == ["instance_id"]


@pytest.mark.parametrize(
    ("cell", "said"),
    [("9.7E+11", "shortened"), ("9,66501E+11", "shortened"), ("#REF!", "spreadsheet error")],
)
def test_a_value_that_the_spreadsheet_lost_is_named_as_such(libya, now, cell, said):
    batch = preview(libya, f"center;phone\nA;{cell}\n".encode(), now)
    assert [(e["line"], e["field"]) for e in batch.errors] == [(2, "phone")]
    assert said in batch.errors[0]["message"]


def test_a_whole_number_with_decimals_is_still_the_number(libya, now):
    take(libya, b"center,phone\nA,912345678.0\n", now)
    assert Center.objects.get(name="A").phone == "+218912345678"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x00\x01\x02\xff" * 20, "isn't a table"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 40, "is a picture, not a spreadsheet or CSV"),
        (
            b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog, /Pages 2 0 R >>\nendobj\n%%EOF\n",
            "is a PDF, not a spreadsheet",
        ),
        (b"\xef\xbb\xbf\r\n<!DOCTYPE html>\n<title>Centers</title>\n", "is a web page, not a spreadsheet"),
        (b"{\\rtf1\\ansi center, phone}", "is a text document, not a spreadsheet"),
    ],
)
def test_a_file_that_is_no_table_says_so(place, now, content, said):
    batch = preview(place, content, now)
    assert len(batch.errors) == 1
    assert said in batch.errors[0]["message"]


def test_the_file_is_kept_only_until_it_was_imported(place, now):
    batch = preview(place, sample("13b_header_words.csv"), now)
    batch.refresh_from_db()
    assert bytes(batch.content) == sample("13b_header_words.csv")
    assert take(place, sample("13b_header_words.csv"), now).content is None


@pytest.mark.parametrize(
    ("content", "line", "shown"),
    [
        ("center,contact_name\nعيادة النور,هدى\nمركز الشفاء,سا\udc84لم\n", 3, "مركز الشفاء,سا\ufffdلم"),
        ("center,contact_name\r\nClinique Ébène,A\udcc3\r\n", 2, "Clinique Ébène,A\ufffd"),
        ("center\r\nمركز الشفا\udcd8", 2, "مركز الشفا\ufffd"),
        ("\ufeffcenter\nNoor\udcff\n", 2, "Noor\ufffd"),
        ("center\nعيادة\udc81\udc8d النور\nعيادة \udc81ب\n", 2, "عيادة\ufffd النور"),
    ],
)
def test_utf_8_with_a_damaged_byte_is_said_to_be_that(place, now, content, line, shown):
    batch = preview(place, content.encode("utf-8", "surrogateescape"), now)
    assert (batch.state, batch.reading["encoding"], batch.rows) == (State.INVALID, "utf-8", [])
    (error,) = batch.errors
    assert error["line"] == line
    assert "This file is UTF-8" in error["message"]
    assert f"“{shown}”" in error["message"]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("center\nمركز، عيادة؛ «نور» – أ\n", "cp1256"),
        ("center\nالنور،\nالسلام،\n", "cp1256"),
        ("center\nÉCOLE «TÉ» À L’ÉTÉ»\n", "cp1252"),
        ("center\nCafé É\xa0: É»\n", "cp1252"),
    ],
)
def test_windows_text_whose_marks_look_like_utf_8_is_still_recognised(place, now, text, encoding):
    batch = preview(place, text.encode(encoding), now)
    assert (batch.reading["encoding"], batch.reading["certain"]) == (encoding, False)


def test_damaged_utf_8_can_still_be_read_in_an_encoding_that_a_person_chooses(place, now):
    content = "center\nعيادة النور\udc81\n".encode("utf-8", "surrogateescape")
    batch = preview(place, content, now)
    assert batch.content == content
    reread_import(batch=batch, by=None, encoding="cp1256")
    batch.refresh_from_db()
    assert (batch.state, batch.reading["encoding"]) == (State.READY, "cp1256")
