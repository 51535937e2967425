"""Importing a file through the pages: preview, errors by line, all or nothing, progress."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from centers.models import Center, User
from centers.tenancy.scoping import tenant
from tests.factories import CenterFactory, InstanceFactory
from tests.whatsapp.views.conftest import House
from whatsapp.imports.run import run_import
from whatsapp.models import ImportBatch, Instance

HEADER = "center,contact_name,email,phone,country_id,currency,language,instance_id,label\n"
GOOD = (
    HEADER + "Nile Dental,Mona,m@nile.example,+201001234567,2,EGP,ar,NIL-1,Front\nNile Dental,,,,,,,NIL-2,\n"
)


SAMPLES = Path(__file__).parents[1] / "samples"


def _upload(house: House, text: str | bytes, name: str = "numbers.csv") -> str:
    content = text.encode() if isinstance(text, str) else text
    file = SimpleUploadedFile(name, content, content_type="text/csv")
    response = house.as_(house.support).post(house.url("import/"), {"file": file})
    assert response.status_code == 302, response.content.decode()
    return str(response["Location"])


def _batch(house: House) -> ImportBatch:
    with tenant(house.reseller):
        return ImportBatch.objects.select_related("reseller", "by").latest("pk")


def test_nothing_is_imported_before_it_is_confirmed(house: House) -> None:
    url = _upload(house, GOOD)
    page = house.as_(house.support).get(url).content.decode()
    assert "2 numbers will be added" in page
    assert "1 new center will be created" in page
    assert "NIL-2" in page
    with tenant(house.reseller):
        assert not Instance.objects.filter(instance_id="NIL-1").exists()


def test_from_confirming_to_the_result(house: House) -> None:
    url = _upload(house, GOOD)
    client = house.as_(house.support)
    for _click in range(2):
        assert client.post(f"{url}confirm/").status_code == 302
    running = client.get(url).content.decode()
    assert "every 2s" in running
    assert "You can leave this page" in running
    assert url in client.get(house.url("import/")).content.decode()

    batch = _batch(house)
    with tenant(house.reseller):
        run_import(batch=batch, now=timezone.now())
    result = client.get(url, headers={"HX-Request": "true", "HX-Target": "batch"}).content.decode()
    assert result.strip().startswith('<div id="batch"')
    assert "2 numbers were imported" in result
    assert "every 2s" not in result
    with tenant(house.reseller):
        assert Center.objects.filter(name="Nile Dental", currency="EGP").count() == 1
        assert Instance.objects.filter(center__name="Nile Dental").count() == 2


def test_errors_name_line_and_column_and_nothing_is_imported(house: House) -> None:
    text = HEADER + "Nile,Mona,not-mail,+201001234567,2,EGP,ar,NIL-1,\nNile,,,,,,,MZB-1,\n"
    url = _upload(house, text)
    client = house.as_(house.support)
    page = client.get(url).content.decode()
    assert "Nothing was imported" in page
    assert "<td>2</td>" in page
    assert "email" in page
    assert "MZB-1" in page
    client.post(f"{url}confirm/")
    assert _batch(house).state == ImportBatch.State.INVALID
    with tenant(house.reseller):
        assert not Center.objects.filter(name="Nile").exists()


def test_the_preview_says_how_the_file_was_read_and_lets_it_be_changed(house: House) -> None:
    url = _upload(house, (SAMPLES / "01_excel_ar_cp1256_semicolon.csv").read_bytes())
    client = house.as_(house.support)
    page = client.get(url).content.decode()
    assert "The file was read as Windows-1256 (Arabic)." in page
    assert "عيادة النور" in page
    assert "Import all" not in page, "its phone needs a country"
    assert client.post(f"{url}read-again/", {"encoding": "cp1252"}).status_code == 302
    page = client.get(url).content.decode()
    assert "عيادة النور" not in page
    assert '<option value="cp1252" selected>' in page
    client.post(f"{url}read-again/", {"encoding": "klingon"})
    assert _batch(house).reading["encoding"] == "cp1252"


def test_unknown_columns_are_ignored_only_when_a_person_says_so(house: House) -> None:
    url = _upload(house, "center,instance_id,<b>colour</b>\nNile,NIL-1,red\n")
    client = house.as_(house.support)
    page = client.get(url).content.decode()
    assert "&lt;b&gt;colour&lt;/b&gt;" in page
    assert "Ignore these columns" in page
    client.post(f"{url}read-again/", {"encoding": "utf-8", "ignore_unknown": "on"})
    page = client.get(url).content.decode()
    assert "1 number will be added" in page
    assert "Ignored columns:" in page


def test_a_workbook_is_shown_before_it_counts(house: House) -> None:
    with tenant(house.reseller):
        house.reseller.country = "SA"
        house.reseller.save()
    page = house.as_(house.support).get(_upload(house, (SAMPLES / "16_excel.xlsx").read_bytes(), "c.xlsx"))
    assert "Excel workbook, sheet" in page.content.decode()
    assert "+966501234567" in page.content.decode()


def test_a_file_that_was_imported_is_not_read_again(house: House) -> None:
    url = _upload(house, GOOD)
    client = house.as_(house.support)
    client.post(f"{url}confirm/")
    client.post(f"{url}read-again/", {"encoding": "cp1252"})
    assert _batch(house).state == ImportBatch.State.QUEUED
    with tenant(house.reseller):
        run_import(batch=_batch(house), now=timezone.now())
    client.post(f"{url}read-again/", {"encoding": "cp1252"})
    assert _batch(house).state == ImportBatch.State.DONE


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("fmt", ["csv", "xlsx"])
@pytest.mark.parametrize("export", ["centers/export", "board/export"])
def test_what_is_exported_can_be_imported_and_changes_nothing(
    house: House, export: str, fmt: str, language: str
) -> None:
    User.objects.update(language=language)
    archived = timezone.now()
    CenterFactory(
        reseller=house.reseller, name="=Formula; -Clinic", contact_name="+Huda", phone="+218912345678",
        country="LY", country_id="01", email="h@x.example", currency="LYD", notes="stays",
    )  # fmt: skip
    gone = CenterFactory(
        reseller=house.reseller, name="عيادة الأرشيف", archived_at=archived, phone="+966501234567"
    )
    InstanceFactory(center=gone, instance_id="GONE-1", archived_at=archived)
    InstanceFactory(center=house.center, instance_id="123456789012", label="خط ٢")
    before = _everything(house)
    client = house.as_(house.support)
    for query in ("", "?archived=1", "?archived=on", "?archived=yes"):
        answer = client.get(house.url(f"{export}/{fmt}/{query}"))
        url = _upload(house, b"".join(answer.streaming_content), f"export.{fmt}")  # type: ignore[attr-defined]
        batch = _batch(house)
        assert batch.errors == []
        assert (batch.new_centers, batch.new_numbers, batch.reading["unknown"]) == (0, 0, [])
        assert batch.total > 0
        client.post(f"{url}confirm/")
        with tenant(house.reseller):
            assert run_import(batch=batch, now=timezone.now()).state == ImportBatch.State.DONE
        assert _everything(house) == before


def _everything(house: House) -> list[dict[str, object]]:
    with tenant(house.reseller):
        return [*Center.objects.order_by("pk").values(), *Instance.objects.order_by("pk").values()]


def test_a_pasted_list_is_cleaned_as_a_file_is(house: House) -> None:
    lines = '\u200eNIL-1\tالاستقبال\r\nNIL-2, Sales, floor 2\nNIL-٣;Desk;\n\nNIL-4\nNIL-5 "A, b", c'
    url = house.url(f"centers/{house.center.pk}/instances/add/")
    assert house.as_(house.support).post(url, {"lines": lines}).status_code == 302
    with tenant(house.reseller):
        added = Instance.objects.filter(instance_id__startswith="NIL").order_by("instance_id")
        assert list(added.values_list("instance_id", "label")) == [
            ("NIL-1", "الاستقبال"),
            ("NIL-2", "Sales, floor 2"),
            ("NIL-3", "Desk"),
            ("NIL-4", ""),
            ("NIL-5", '"A, b", c'),
        ]


@pytest.mark.parametrize(
    ("lines", "read"),
    [
        ("T8-Z1;l1;+218912345678", ("l1", "+218912345678")),
        ("T8-Z1\tl1\t+218912345678", ("l1", "+218912345678")),
        ("T8-Z1,l1,+218912345678", ("l1", "+218912345678")),
        ("T8-Z1, Sales, floor 2, +218 91-234 5678", ("Sales, floor 2", "+218912345678")),
        ('T8-Z1;"l1; l2";٠٠٢١٨٩١٢٣٤٥٦٧٨;;', ("l1; l2", "+218912345678")),
        ("T8-Z1;;+218912345678", ("", "+218912345678")),
        ("T8-Z1;+218912345678", ("", "+218912345678")),
        ("T8-Z1 +218912345678", ("", "+218912345678")),
        ("T8-Z1 l1;+218912345678", ("l1", "+218912345678")),
        ("T8-Z1 room 2024", ("room 2024", "")),
        ("WhatsApp number;Instance ID\n+218912345678;T8-Z1", ("", "+218912345678")),
        ("معرف الرقم,التسمية\nT8-Z1,l1", ("l1", "")),
    ],
)
def test_a_pasted_list_has_the_columns_of_a_file(house: House, lines: str, read: tuple[str, str]) -> None:
    url = house.url(f"centers/{house.center.pk}/instances/add/")
    answer = house.as_(house.support).post(url, {"lines": lines}, follow=True)
    with tenant(house.reseller):
        row = Instance.objects.get(instance_id="T8-Z1")
        assert (row.label, row.whatsapp_number) == read
    page = answer.content.decode()
    assert "1 number was added: T8-Z1" in page
    assert all(part in page for part in read)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("T8-Z1;l1;912345678", "no country is set"),
        ("T8-Z1;l1;floor 2", "floor 2"),
        ("OK-1\nT8-Z1;l1;l2;+218912345678", "Line 2 has more than an ID, a label and a WhatsApp number."),
        ("label;id\nT8-Z1;l1;+218912345678;x", "Line 2 has more"),
        ("label;Instance ID\n;OK-1\nl1", "Line 3, “”"),
    ],
)
def test_a_pasted_line_that_is_not_understood_adds_nothing(house: House, lines: str, problem: str) -> None:
    url = house.url(f"centers/{house.center.pk}/instances/add/")
    answer = house.as_(house.support).post(url, {"lines": lines})
    assert (answer.status_code, problem in answer.content.decode()) == (422, True)
    with tenant(house.reseller):
        assert not Instance.objects.filter(instance_id__in=["T8-Z1", "OK-1"]).exists()


def test_a_file_that_is_no_csv_is_explained(house: House) -> None:
    url = _upload(house, "\x00\x01 this is not a table")
    page = house.as_(house.support).get(url).content.decode()
    assert "Nothing was imported" in page


def test_a_huge_or_missing_file_is_refused(house: House) -> None:
    client = house.as_(house.support)
    assert client.post(house.url("import/")).status_code == 422
    big = SimpleUploadedFile("big.csv", b"x" * (2 * 1024 * 1024 + 1))
    response = client.post(house.url("import/"), {"file": big})
    assert response.status_code == 422
    assert "larger than 2 MB" in response.content.decode()


def test_the_example_file_passes_its_own_check(house: House) -> None:
    response = house.as_(house.support).get(house.url("import/example.csv"))
    assert response["Content-Type"].startswith("text/csv")
    with tenant(house.reseller):
        Center.objects.update(name="Someone else")
    _upload(house, response.content.decode("utf-8-sig"))
    assert _batch(house).errors == []


def test_a_foreign_batch_does_not_exist(house: House) -> None:
    batch = ImportBatch(
        reseller=house.foreign.reseller,
        state=ImportBatch.State.READY,
        created_at=timezone.now(),
        filename="c",
    )
    batch.save()
    client = house.as_(house.owner)
    assert client.get(house.url(f"import/{batch.pk}/")).status_code == 404
    assert client.post(house.url(f"import/{batch.pk}/confirm/")).status_code == 404
    assert client.post(house.url(f"import/{batch.pk}/read-again/")).status_code == 404


def test_cells_are_text(house: House) -> None:
    url = _upload(house, HEADER + '"<img src=x onerror=1>",,,,2,EGP,en,NIL-1,\n')
    page = house.as_(house.support).get(url).content.decode()
    assert "<img src=x" not in page
