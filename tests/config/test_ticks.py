"""Every tick of the beat, as beat runs it: without the scope of any reseller."""

import pytest
from celery import current_app
from django.db import transaction

from centers import live
from centers.queue.ticks import INTERVALS
from config.celery import _PACE, beat_schedule
from tests.factories import ResellerFactory
from tests.guards.rows import TenantRows

TICKS = sorted({str(entry["task"]) for entry in beat_schedule().values() if ".tick_" in str(entry["task"])})


@pytest.mark.django_db
def test_a_tick_reads_what_is_due_of_every_reseller_without_a_scope() -> None:
    for pk in (800_001, 900_001):
        assert TenantRows(ResellerFactory(), first_pk=pk).missing == {}
    current_app.loader.import_default_modules()
    failed = {}
    for name in TICKS:
        live.valkey().delete(f"markaz:tick:{name}")
        try:
            with transaction.atomic():
                current_app.tasks[name].run()
        except Exception as error:  # noqa: BLE001  # all of them are reported together
            failed[name] = repr(error)
    live.valkey().flushdb()
    assert failed == {}
    assert len(TICKS) >= 12


def test_beat_and_a_tick_agree_on_its_interval() -> None:
    """Where beat came more often than the tick allows, it would be dropped; less often, it would be late."""
    current_app.loader.import_default_modules()
    assert INTERVALS == {**_PACE, "whatsapp.tick_status": 2.0}  # in tests of the browser beat is quicker
