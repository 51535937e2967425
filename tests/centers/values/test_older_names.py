"""An install that already has names that look the same takes the rule that says so, and comes out of it in order."""

from datetime import date

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import translation

from billing.models import LedgerEntry, Payment
from billing.payments import record_payment, refund_credit
from centers import clock
from centers.audit.messages import changes, entry_message
from centers.errors import OperationRefused
from centers.models import AuditEntry, Center
from centers.tenancy.lifecycle import create_center
from centers.tenancy.scoping import tenant
from tests.factories import ResellerFactory

BEFORE = [("billing", "0003_credit_notes_and_carried_amounts"), ("centers", "0005_bounces")]
HYPHEN, DASH = "Al-Noor", "Al\u2013Noor"
ARABIC, PERSIAN = "عيادة", "عیادة"


def test_look_alikes_of_before_get_names_of_their_own_and_new_ones_are_refused(db, capsys):
    reseller, other = ResellerFactory(), ResellerFactory()
    centers = older_rows(reseller.pk, other.pk)
    call_command("migrate", verbosity=0)

    names = {pk: Center._base_manager.get(pk=pk).name for pk in centers.values()}
    assert {key: names[pk] for key, pk in centers.items()} == {
        "archived": f"{HYPHEN} (2)",
        "in use": DASH,
        "a third": "Al\u2011Noor (3)",
        "arabic": ARABIC,
        "persian": f"{PERSIAN} (2)",
        "elsewhere": DASH,
    }
    said = capsys.readouterr().out
    assert said.count("is now called") == 3
    assert f'"{HYPHEN} (2)"' in said
    with tenant(reseller):
        assert Center.objects.filter(name__name_holds=ARABIC).count() == 2, (
            "the search's index was built again"
        )
        entry = AuditEntry.objects.get(center=centers["persian"])
        assert entry_message(entry) == f"Markaz changed the center {PERSIAN} (2)"
        assert changes(entry)[0] == ("Name", PERSIAN, f"{PERSIAN} (2)")
        with translation.override("ar"):
            assert "same_name" not in str(changes(entry))
        with pytest.raises(OperationRefused, match="already exists"):
            create_center(reseller=reseller, by=None, name="al\u2212noor")

    with tenant(reseller):
        marks = Payment.objects.order_by("pk").values_list("reference", "looks_repeated")
        assert list(marks) == [("TR-1", False), ("TR\u20111", True), ("TR-2", False)]
        refunds = LedgerEntry.objects.filter(kind="refund").order_by("pk")
        assert list(refunds.values_list("looks_repeated", flat=True)) == [False, True]
        assert_frozen(Payment)
        center = Center.objects.get(pk=centers["in use"])
        for reference in ("TR\u20131", "TR\u20122"):
            with pytest.raises(OperationRefused, match="already been recorded"):
                pay(center, reference)
        pay(center, "TR-3")
        with pytest.raises(OperationRefused, match="already been recorded"):
            refund_credit(
                center=center, amount="1", currency="USD", reference="R\u20101", by=None, now=clock.now()
            )


def older_rows(reseller: int, other: int) -> dict[str, int]:
    """Go back to the version before, and store what only that one took."""
    now = clock.now()
    apps = MigrationExecutor(connection).migrate(BEFORE).apps
    center = apps.get_model("centers", "Center").objects
    found = {
        key: center.create(reseller_id=place, name=name, currency="USD", archived_at=archived).pk
        for key, place, name, archived in (
            ("archived", reseller, HYPHEN, now),
            ("in use", reseller, DASH, None),
            ("a third", reseller, "Al\u2011Noor", now),
            ("arabic", reseller, ARABIC, None),
            ("persian", reseller, PERSIAN, None),
            ("elsewhere", other, DASH, None),
        )
    }
    about = {"reseller_id": reseller, "center_id": found["in use"], "currency": "USD"}
    payment, entry = apps.get_model("billing", "Payment"), apps.get_model("billing", "LedgerEntry")
    for reference in ("TR-1", "TR\u20111", "TR-2"):
        one = payment.objects.create(
            **about, amount=9, reference=reference, received_on=date(2026, 3, 1), recorded_at=now
        )
        entry.objects.create(**about, kind="payment", amount=-9, payment=one, at=now)
    for reference in ("R-1", "R\u20131"):
        entry.objects.create(**about, kind="refund", amount=1, reference=reference, at=now)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return found


def pay(center: Center, reference: str) -> None:
    record_payment(
        center=center,
        amount="1",
        currency="USD",
        reference=reference,
        received_on=date(2026, 3, 1),
        by=None,
        now=clock.now(),
    )


def assert_frozen(model: type[Payment]) -> None:
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        model.objects.update(looks_repeated=False)
