"""Importing a CSV through the pages: preview, errors by line, all or nothing, progress."""

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from centers.models import Center
from centers.scoping import tenant
from tests.whatsapp.views.conftest import House
from whatsapp.importing import run_import
from whatsapp.models import ImportBatch, Instance

HEADER = "center,contact_name,email,phone,country_id,currency,language,instance_id,label\n"
GOOD = (
    HEADER + "Nile Dental,Mona,m@nile.example,+201001234567,2,EGP,ar,NIL-1,Front\nNile Dental,,,,,,,NIL-2,\n"
)


def _upload(house: House, text: str, name: str = "numbers.csv") -> str:
    file = SimpleUploadedFile(name, text.encode(), content_type="text/csv")
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
        Center.objects.update(name="Somebody else")
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


def test_cells_are_text(house: House) -> None:
    url = _upload(house, HEADER + '"<img src=x onerror=1>",,,,2,EGP,en,NIL-1,\n')
    page = house.as_(house.support).get(url).content.decode()
    assert "<img src=x" not in page
