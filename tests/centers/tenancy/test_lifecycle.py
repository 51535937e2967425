"""A center's life, and what the audit log says of it."""

from collections.abc import Iterator

import pytest

from centers.errors import OperationRefused
from centers.models import AuditEntry, Center, Invitation, Reseller
from centers.tenancy.lifecycle import (
    _archive_hooks,
    _restore_hooks,
    archive_center,
    create_center,
    edit_center,
    restore_center,
)
from centers.tenancy.scoping import tenant
from tests.factories import ResellerFactory, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def reseller() -> Iterator[Reseller]:
    found: Reseller = ResellerFactory(currency="LYD", language="ar")
    with tenant(found):
        yield found


def test_a_new_center_takes_currency_and_language_of_the_reseller(reseller: Reseller) -> None:
    owner = member(reseller)
    center = create_center(reseller=reseller, by=owner, name="  Noor Clinic ", phone="00968 9988 7897")
    assert (center.name, center.phone, center.currency, center.language) == (
        "Noor Clinic",
        "+96899887897",
        "LYD",
        "ar",
    )
    event = AuditEntry.objects.get()
    assert (event.action, event.actor, event.center) == ("center.created", owner, center)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": " "}, "Name"),
        ({"name": "A", "phone": "12"}, "“12”"),
        ({"name": "A", "currency": "XXZ"}, "XXZ"),
        ({"name": "A", "email": "unknown"}, "Email"),
        ({"name": "n" * 121}, "121"),
    ],
)
def test_a_wrong_value_is_named_and_nothing_is_stored(
    reseller: Reseller, fields: dict[str, str], said: str
) -> None:
    with pytest.raises(OperationRefused) as caught:
        create_center(reseller=reseller, by=None, **fields)
    assert said in caught.value.message
    assert not Center.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_name_is_taken_whatever_its_case_and_the_archive_is_named(reseller: Reseller) -> None:
    first = create_center(reseller=reseller, by=None, name="Noor")
    with pytest.raises(OperationRefused, match="center named “NOOR” already exists"):
        create_center(reseller=reseller, by=None, name="NOOR")
    archive_center(center=first, by=None)
    with pytest.raises(OperationRefused, match="in the archive"):
        create_center(reseller=reseller, by=None, name="noor")
    other = create_center(reseller=reseller, by=None, name="Amal")
    with pytest.raises(OperationRefused, match="in the archive"):
        edit_center(center=other, by=None, name="Noor")


def test_another_reseller_may_use_the_name(reseller: Reseller) -> None:
    create_center(reseller=reseller, by=None, name="Noor")
    other: Reseller = ResellerFactory()
    with tenant(other):
        assert create_center(reseller=other, by=None, name="Noor").pk


def test_editing_keeps_old_and_new_and_raises_the_version(reseller: Reseller) -> None:
    center = create_center(reseller=reseller, by=None, name="Noor", contact_name="Ali")
    edited = edit_center(center=center, by=None, name="Noor", contact_name="Amal")
    assert (edited.contact_name, edited.version) == ("Amal", 1)
    event = AuditEntry.objects.get(action="center.edited")
    assert event.data == {"changes": {"contact_name": ["Ali", "Amal"]}}
    assert edit_center(center=center, by=None, contact_name="Amal").version == 1
    assert AuditEntry.objects.filter(action="center.edited").count() == 1


def test_a_field_that_is_not_the_centers_own_is_a_mistake_of_the_caller(reseller: Reseller) -> None:
    center = create_center(reseller=reseller, by=None, name="Noor")
    with pytest.raises(TypeError, match="payment_status"):
        edit_center(center=center, by=None, payment_status="overdue")


def test_archiving_ends_invitations_and_calls_the_other_apps_once(reseller: Reseller) -> None:
    center = create_center(reseller=reseller, by=None, name="Noor")
    invitation = Invitation(reseller=reseller, center=center, role="center_admin", email="a@example.com")
    invitation.expires_at = center.created_at
    invitation.save()
    called: list[str] = []
    _archive_hooks.append(lambda c, by, now: called.append("archived"))
    _restore_hooks.append(lambda c, by, now: called.append("restored"))
    try:
        first = archive_center(center=center, by=None)
        assert archive_center(center=center, by=None).archived_at == first.archived_at
        invitation.refresh_from_db()
        assert invitation.revoked_at
        assert restore_center(center=center, by=None).archived_at is None
        restore_center(center=center, by=None)
    finally:
        _archive_hooks.pop()
        _restore_hooks.pop()
    assert called == ["archived", "restored"]
