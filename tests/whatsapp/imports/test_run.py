"""Importing centers and numbers from a CSV file."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from centers.errors import OperationRefused
from centers.models import AuditEntry, Center
from centers.tenancy.lifecycle import archive_center
from tests.factories import CenterFactory, InstanceFactory, UserFactory
from whatsapp.imports import run
from whatsapp.imports.run import example_file, import_progress, preview_import, run_import, start_import
from whatsapp.imports.validation import plan_import
from whatsapp.models import ImportBatch, Instance

HEADER = "center,contact_name,email,phone,country_id,currency,language,instance_id,label"
GOOD = f"""{HEADER}
Al Noor,Huda,huda@noor.example,+968 9988 7897,1,OMR,ar,inst-1,Front desk
Al Noor,,,,,,,inst-2,
مركز السلام,سالم,,,966,sar,AR,inst-3,
"""
State = ImportBatch.State


def preview(place, content, now, by=None):
    content = content.encode() if isinstance(content, str) else content
    return preview_import(reseller=place.reseller, content=content, filename="c.csv", by=by, now=now)


def take(place, content, now):
    batch = preview(place, content, now)
    assert batch.errors == []
    start_import(batch=batch, by=None, now=now)
    batch.refresh_from_db()
    return run_import(batch=batch, now=now)


def problems(batch):
    return [(error["line"], error["field"]) for error in batch.errors]


def test_preview_then_import(place, now):
    person = UserFactory()
    batch = preview(place, GOOD, now, by=person)
    assert (batch.state, batch.total, batch.new_centers) == (State.READY, 3, 2)
    assert not Instance.objects.exists()
    start_import(batch=batch, by=person, now=now)
    start_import(batch=batch, by=person, now=now)
    done = run_import(batch=batch, now=now)
    assert done.state == State.DONE
    assert (import_progress(done).done, import_progress(done).total) == (3, 3)
    noor = Center.objects.get(name="Al Noor")
    assert (noor.contact_name, noor.email, noor.phone, noor.country_id, noor.currency, noor.language) == (
        "Huda", "huda@noor.example", "+96899887897", "1", "OMR", "ar",
    )  # fmt: skip
    assert list(noor.instances.order_by("pk").values_list("instance_id", "label")) == [
        ("inst-1", "Front desk"),
        ("inst-2", ""),
    ]
    assert Center.objects.get(name="مركز السلام").currency == "SAR"
    assert Instance.objects.filter(next_check_at=now).count() == 3, "checked at once"
    actions = AuditEntry.objects.values_list("action", flat=True)
    assert sorted(actions) == ["center.created", "center.created", "import.done"]
    run_import(batch=batch, now=now)
    assert Instance.objects.count() == 3, "a second worker does nothing"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_spreadsheets_write_csv_in_many_ways(place, now, delimiter, mark, ending):
    text = GOOD.replace(",", delimiter).replace("\n", ending)
    assert take(place, mark + text.encode(), now).state == State.DONE
    assert Instance.objects.count() == 3


ARABIC = "\u200fمركز النور\u00a0,هدى,,\u202a٠٠٩٦٨ ٩٩٨٨ ٧٨٩٧\u202c,,omr,AR,\u200ei-\u200b1\u200e,\u2067الاستقبال\u2069"


@pytest.mark.parametrize(
    ("content", "center", "label"),
    [
        (f'{HEADER}\n"Al ""Noor"", Clinic",,,,,,,i-1,"a; b"\n'.encode(), 'Al "Noor", Clinic', "a; b"),
        (f"{HEADER}\n{ARABIC}\n".encode(), "مركز النور", "الاستقبال"),
        (f"{HEADER}\n{ARABIC}\n".replace(",", "\t").encode("utf-16"), "مركز النور", "الاستقبال"),
        (f"sep=;\n{HEADER}\nA,,,,,,,i-1,\n".replace(",", ";").encode(), "A", ""),
        (f"\n\n{HEADER},,\nA,,,,,,,i-1,x,,\n,,,,,,,,,,\n".encode(), "A", "x"),
        (f"{HEADER}\rA,,,,,,,i-1,x\r".encode(), "A", "x"),
        (f"{HEADER.upper()}\nA,,,,,,,i-1,x".encode(), "A", "x"),
    ],
    ids=["quotes", "marks", "utf-16", "sep=", "empty columns", "cr", "capitals"],
)
def test_what_spreadsheets_leave_in_cells_is_cleaned(place, now, content, center, label):
    assert take(place, content, now).state == State.DONE
    number = Instance.objects.select_related("center").get()
    assert (number.center.name, number.label, number.instance_id) == (center, label, "i-1")
    assert number.center.phone in ("", "+96899887897")


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ('A,,,,,,,i-1,x\nB,,,,,,,i-2,"oops\nC,,,,,,,i-3,z\n', [3]),
        ('A,,,,,,,i-1,"x\ny"\nB,,,,,,,i-2,"x"y\n', [4]),
        ('A,,,,,,,i-1,"x\ny"\nB,,,,,,,i 2,\n', [2, 4]),
    ],
    ids=["isn't closed", "text after it", "after a cell of two lines"],
)
def test_a_broken_record_is_named_by_the_line_in_which_it_begins(place, now, rows, lines):
    batch = preview(place, f"{HEADER}\n{rows}", now)
    assert [found for found, _field in problems(batch)] == lines


def test_spaces_do_not_make_two_centers_of_one(place, now):
    take(place, f"{HEADER}\nAl Noor,,,,,,,i-1,\nAL  NOOR,,,,,,,i-2,\n\u200fal\u00a0noor ,,,,,,,i-3,\n", now)
    assert Center.objects.exclude(pk=place.center.pk).get().instances.count() == 3


def test_columns_may_stand_in_any_order_and_be_quoted(place, now):
    header = "instance_id,label,center,contact_name,email,phone,country_id,currency,language"
    take(place, f'{header}\ninst-9,"Desk; 2","Noor, Muscat",,,,,,\n', now)
    center = Center.objects.get(name="Noor, Muscat")
    assert (center.currency, center.language) == (place.reseller.currency, place.reseller.language)
    assert center.instances.get().label == "Desk; 2"


def test_a_known_center_gets_the_numbers(place, now):
    center = CenterFactory(reseller=place.reseller, name="Al Noor", currency="OMR", email="huda@noor.example")
    rows = f"{HEADER}\nAL NOOR,,huda@noor.example,,,OMR,,inst-1,\n"
    take(place, rows, now)
    assert center.instances.get().instance_id == "inst-1"
    assert Center.objects.count() == 2


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (",,,,,,,inst-1,", "center"),
        ("A,,,,,,,,", "instance_id"),
        ("A,,no-mail,,,,,inst-1,", "email"),
        ("A,,,12,,,,inst-1,", "phone"),
        ("A,,,,,XXZ,,inst-1,", "currency"),
        ("A,,,,,XXX,,inst-1,", "currency"),
        ("A,,,,,,fr,inst-1,", "language"),
        ("A,,,,,,,inst 1,", "instance_id"),
        (f"A,,,,,,,{'i' * 65},", "instance_id"),
        (f"{'A' * 121},,,,,,,inst-1,", "center"),
        (f"A,,,,,,,inst-1,{'l' * 81}", "label"),
        (f"A,,,,{'9' * 17},,,inst-1,", "country_id"),
        ("A,,,,,,,inst-1,,extra", ""),
        ("A,inst-1", ""),
    ],
)
def test_a_wrong_row_is_named_by_line_and_field_and_nothing_is_imported(place, now, row, field):
    batch = preview(place, f"{HEADER}\nGood,,,,,,,inst-0,\n{row}\n", now)
    assert batch.state == State.INVALID
    assert problems(batch) == [(3, field)]
    assert batch.errors[0]["message"]
    with pytest.raises(OperationRefused):
        start_import(batch=batch, by=None, now=now)
    assert run_import(batch=batch, now=now).state == State.INVALID
    assert not Instance.objects.exists()


def test_a_wrong_language_is_reported_with_the_right_ones(place, now):
    batch = preview(place, f"{HEADER}\nA,,,,,,fr,inst-1,\n", now)
    assert batch.errors[0]["message"] == "“fr” isn't allowed. Use one of: en, ar."


def test_duplicates_in_the_file_and_in_the_database(place, now):
    InstanceFactory(center=place.center, instance_id="inst-1")
    batch = preview(place, f"{HEADER}\nA,,,,,,,inst-1,\nA,,,,,,,inst-2,\nB,,,,,,,inst-2,\n", now)
    assert problems(batch) == [(2, "instance_id"), (4, "instance_id")]
    assert place.center.name in batch.errors[0]["message"]
    assert "3" in batch.errors[1]["message"]


def test_another_resellers_numbers_do_not_count(place, new_place, now):
    other = new_place()
    InstanceFactory(center=other.center, instance_id="inst-1")
    assert take(place, GOOD, now).state == State.DONE


def test_rows_that_contradict_each_other_or_the_center(place, now):
    CenterFactory(reseller=place.reseller, name="Old", currency="USD")
    CenterFactory(reseller=place.reseller, name="Gone", archived_at=now)
    rows = "A,,a@x.example,,,OMR,,i-1,\nA,,b@x.example,,,SAR,,i-2,\nold,,,,,EUR,,i-3,\nGone,,,,,,,i-4,\n"
    batch = preview(place, f"{HEADER}\n{rows}", now)
    assert problems(batch) == [(3, "email"), (3, "currency"), (4, "currency"), (5, "center")]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"\xff\xfe\x00",
        b"a,b\n1,2\n",
        HEADER.encode(),
        b"\x89PNG\r\n\x1a\n",
        HEADER.encode() + b'\n"A,,',
    ],
)
def test_files_that_are_something_else(place, now, content):
    batch = preview(place, content, now)
    assert batch.state == State.INVALID
    assert batch.errors[0]["message"]


def test_what_changed_since_the_preview_fails_as_a_whole(place, now):
    batch = preview(place, GOOD, now)
    InstanceFactory(center=place.center, instance_id="inst-3")
    start_import(batch=batch, by=None, now=now)
    done = run_import(batch=batch, now=now)
    assert done.state == State.FAILED
    assert "inst-3" in done.error
    assert Instance.objects.count() == 1
    assert not Center.objects.filter(name="Al Noor").exists()


def test_a_center_archived_while_the_file_is_checked_gets_no_numbers(place, now, monkeypatch):
    def checked_then_archived(reseller, sheet):
        plan = plan_import(reseller, sheet)
        archive_center(center=place.center, by=None, now=now)
        return plan

    batch = preview(place, f"{HEADER}\n{place.center.name},,,,,,,i-1,\n", now)
    start_import(batch=batch, by=None, now=now)
    monkeypatch.setattr(run, "plan_import", checked_then_archived)
    batch = run_import(batch=batch, now=now)
    assert (batch.state, Instance.objects.count()) == (ImportBatch.State.FAILED, 0)
    assert place.center.name in batch.error


def test_five_thousand_rows(place, now, django_assert_max_num_queries):
    rows = "\n".join(f"Center {n // 2},,,,,,,big-{n},Label {n}" for n in range(5000))
    with django_assert_max_num_queries(10):
        batch = preview(place, f"{HEADER}\n{rows}\n", now)
    assert (batch.errors, batch.total) == ([], 5000)
    start_import(batch=batch, by=None, now=now)
    with django_assert_max_num_queries(60):
        run_import(batch=batch, now=now)
    assert Instance.objects.count() == 5000


def test_the_example_can_be_imported(place, now):
    assert take(place, example_file(), now).state == State.DONE


def test_the_command(place, tmp_path):
    file, out = tmp_path / "c.csv", StringIO()
    file.write_text(GOOD)
    call_command("import_centers", place.reseller.slug, str(file), stdout=out)
    assert "3 numbers" in out.getvalue()
    call_command("import_centers", place.reseller.slug, str(file), stdout=out)
    assert "0 numbers and 0 new centers. 3 rows are there already" in out.getvalue()
    file.write_text(GOOD.replace("Al Noor", "Al Amal"))
    with pytest.raises(CommandError, match=r"Line 2, instance_id: .*inst-1.*Al Noor"):
        call_command("import_centers", place.reseller.slug, str(file))
    assert Instance.objects.count() == 3
    for slug, path in [("unknown", file), (place.reseller.slug, tmp_path / "none.csv")]:
        with pytest.raises(CommandError):
            call_command("import_centers", slug, str(path))


def test_the_command_asks_for_the_encoding_it_recognised(place, tmp_path):
    file, out = tmp_path / "c.csv", StringIO()
    file.write_bytes("center,instance_id\nمركز النور,i-1\n".encode("cp1256"))
    with pytest.raises(CommandError, match=r"Nothing was imported.*مركز النور.*--encoding cp1256"):
        call_command("import_centers", place.reseller.slug, str(file))
    assert not Instance.objects.exists()
    call_command("import_centers", place.reseller.slug, str(file), "--encoding", "cp1256", stdout=out)
    assert Center.objects.filter(name="مركز النور").exists()


def test_the_command_can_leave_unknown_columns_out(place, tmp_path):
    file = tmp_path / "c.csv"
    file.write_text("center,instance_id,colour\nA,i-1,red\n")
    with pytest.raises(CommandError, match="Unknown columns: “colour”"):
        call_command("import_centers", place.reseller.slug, str(file))
    call_command(
        "import_centers", place.reseller.slug, str(file), "--ignore-unknown-columns", stdout=StringIO()
    )
    assert Instance.objects.count() == 1


def test_contacts_and_labels_are_compared_as_names_are(place, now):
    first = f"{HEADER}\nAl Noor,عيادة الكرك,,,,,,inst-1,A-1\nAl Noor,عیادة الکرک,,,,,,inst-2,\n"
    assert take(place, first, now).state == State.DONE
    again = f"{HEADER}\nAl\u00a0Noor,عیادة الکرک,,,,,,inst-1,a\u20111\n"
    batch = preview(place, again, now)
    assert (batch.errors, batch.reading["unchanged"]) == ([], 1)
    assert Center.objects.get(name="Al Noor").contact_name == "عيادة الكرك"
    assert problems(preview(place, f"{HEADER}\nAl Noor,Other,,,,,,inst-1,A1\n", now)) == [
        (2, "contact_name"),
        (2, "label"),
    ]
