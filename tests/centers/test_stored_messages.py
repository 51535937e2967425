"""Texts written once and read in other languages."""

import re
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.utils import translation
from django.utils.translation import gettext_lazy

from centers import clock
from centers.errors import OperationRefused
from centers.models import JobRun
from centers.queue.job_runs import recorded_run
from centers.stored_messages import MOST_OF_A_VALUE, StoredMessage, of_error, of_lazy, together
from centers.tenancy.scoping import tenant
from tests.factories import ResellerFactory


@pytest.fixture
def reseller(db):
    one = ResellerFactory(language="ar")
    with tenant(one):
        yield one


def stored(reseller, note, failures=()):
    """The note and failures of a job run, written while one language is active, to be read in another."""
    run = JobRun(reseller=reseller, job="test", started_at=clock.now(), note=note, failures=list(failures))
    run.save()
    return run.pk


def read(pk, language):
    with translation.override(language):
        run = JobRun.objects.get(pk=pk)
        return run.note, run.failures


def test_a_sentence_is_a_text_in_the_active_language():
    with translation.override("ar"):
        left = StoredMessage("Left for the next run: %(count)s.") % {"count": 3}
        assert isinstance(left, str)
        assert left == translation.gettext("Left for the next run: %(count)s.") % {"count": 3}
    assert OperationRefused(left).message is left


@pytest.mark.parametrize(("writer", "reader"), [("en", "ar"), ("ar", "en"), ("ar", "ar")])
def test_what_one_language_wrote_is_read_in_another(reseller, writer, reader):
    with translation.override(writer):
        why = StoredMessage("The email couldn't be handed to the mail server (%(why)s).") % {"why": "OSError"}
        pk = stored(
            reseller, why, [{"item": StoredMessage("All countries"), "why": why}, {"item": "n-1", "why": "?"}]
        )
    with translation.override(reader):
        expected = translation.gettext("The email couldn't be handed to the mail server (%(why)s).") % {
            "why": "OSError"
        }
        everywhere = translation.gettext("All countries")
    note, failures = read(pk, reader)
    assert note == expected
    assert failures == [{"item": everywhere, "why": expected}, {"item": "n-1", "why": "?"}]


def test_what_was_read_can_be_stored_again(reseller):
    pk = stored(reseller, StoredMessage("All countries"))
    run = JobRun.objects.get(pk=pk)
    with translation.override("ar"):
        run.save()
        assert JobRun.objects.get(pk=pk).note == translation.gettext("All countries")
    assert JobRun.objects.get(pk=pk).note == "All countries"


def test_sentences_within_sentences_and_days_are_said_in_the_readers_way(reseller):
    inner = StoredMessage("The usage of “%(number)s” on %(day)s hasn't been fetched since that day ended.")
    pk = stored(
        reseller, together([inner % {"number": "n-1", "day": date(2026, 11, 3)}, "MazBot's own words"])
    )
    arabic, english = read(pk, "ar")[0], read(pk, "en")[0]
    assert english == (
        "The usage of “n-1” on 3 Nov 2026 hasn't been fetched since that day ended. MazBot's own words"
    )
    assert "نوفمبر" in arabic
    assert arabic.endswith("MazBot's own words")


@pytest.mark.parametrize(
    "text",
    ["", "Eine alte Zeile", "100 % of %(nothing)s", '{"say": "", "with": null}', '{"say": "All countries"'],
)
def test_a_text_that_is_no_sentence_stays_as_it_is(reseller, text):
    for language in ("en", "ar"):
        assert read(stored(reseller, text, [{"item": text, "why": text}]), language) == (
            text,
            [{"item": text, "why": text}],
        )


def test_a_row_from_before_is_shown_as_it_is(reseller):
    pk = stored(reseller, "")
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("UPDATE centers_jobrun SET note = %s WHERE id = %s", ["جملة قديمة", pk])
    assert read(pk, "en")[0] == "جملة قديمة"


def test_a_pattern_that_is_no_longer_translated_is_said_in_english(reseller):
    pk = stored(reseller, StoredMessage("A sentence of an older release: %(n)s") % {"n": 7})
    assert read(pk, "ar")[0] == "A sentence of an older release: 7"


def test_a_translation_that_lost_a_value_does_not_break_the_page(monkeypatch):
    monkeypatch.setattr(translation, "gettext", lambda _pattern: "%(other)s")
    assert StoredMessage("%(n)s left") % {"n": 1} == "1 left"


def test_long_values_are_bounded(reseller):
    pk = stored(reseller, StoredMessage("%(text)s") % {"text": "x" * 5000})
    assert len(read(pk, "en")[0]) == MOST_OF_A_VALUE
    assert len(read(stored(reseller, "y" * 5000), "en")[0]) == MOST_OF_A_VALUE


def test_labels_and_validators_become_sentences():
    with translation.override("ar"):
        label = of_lazy(gettext_lazy("Disconnected"))
        assert (label.pattern, label) == ("Disconnected", translation.gettext("Disconnected"))
        error = of_error(ValidationError(gettext_lazy("%(what)s is wrong"), params={"what": "it"}))
        assert error == "it is wrong"
    with pytest.raises(ValidationError) as refused:
        MaxLengthValidator(3)("four")
    assert of_error(refused.value) == "Ensure this value has at most 3 characters (it has 4)."


@pytest.mark.django_db(transaction=True)
def test_a_round_that_breaks_is_noted_without_an_item():
    reseller = ResellerFactory()
    with tenant(reseller):
        with pytest.raises(RuntimeError), recorded_run("test", reseller=reseller):
            raise RuntimeError("x" * 1000)
        [failure] = JobRun.objects.get().failures
    assert failure["item"] == ""
    assert failure["why"].startswith("RuntimeError: xxx")
    assert len(failure["why"]) == MOST_OF_A_VALUE


def test_modules_that_store_texts_do_not_write_them_with_gettext():
    """What an alert or a job run keeps must be said again later; a text from gettext cannot be."""
    stores = re.compile(r"\bopen_alert\(|recorder\.fail\(|recorder\.note =|_error=|reschedule\(")
    root = Path(settings.BASE_DIR)
    files = [path for app in ("whatsapp", "billing") for path in (root / app).rglob("*.py")]
    storing = [path for path in files if stores.search(path.read_text()) and "/views/" not in str(path)]
    assert len(storing) > 8
    assert [path.name for path in storing if "import gettext as _" in path.read_text()] == []
