"""The exported list of centers: columns of `centers`, and the counts that the app of the numbers adds."""

import csv
import io

import pytest
from django.test import Client
from django.utils import timezone

from centers.models import Role
from tests.factories import CenterFactory, InstanceFactory, ResellerFactory, member
from whatsapp.models import Connection, Service


@pytest.mark.django_db
def test_the_counts_of_its_numbers_stand_among_each_centers_own_columns() -> None:
    reseller = ResellerFactory()
    noor = CenterFactory(reseller=reseller, name="Al Noor", email="noor@example.com", currency="SAR")
    CenterFactory(reseller=reseller, name="Waha", email="waha@example.com", currency="USD")
    for connection in (Connection.CONNECTED, Connection.CONNECTED, Connection.DISCONNECTED):
        InstanceFactory(center=noor, connection=connection)
    InstanceFactory(center=noor, desired_state=Service.DISABLED, service=Service.DISABLED)
    InstanceFactory(center=noor, archived_at=timezone.now())
    client = Client()
    client.force_login(member(reseller, Role.OWNER, password=None))

    answer = client.get(f"/r/{reseller.slug}/centers/export/csv/?csv=comma")

    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    header, *rows = csv.reader(io.StringIO(text))
    assert header == [
        "ID", "Center", "Contact", "Email", "Phone", "Country", "MazBot country ID", "Currency", "Status",
        "Payment status", "Numbers", "Connected", "Down", "Disabled", "Added", "Archived",
    ]  # fmt: skip
    found = {row[1]: dict(zip(header, row, strict=True)) for row in rows}
    counts = ("Email", "Currency", "Status", "Numbers", "Connected", "Down", "Disabled", "Archived")
    assert [found["Al Noor"][name] for name in counts] == [
        "noor@example.com", "SAR", "Active", "4", "2", "1", "1", "",
    ]  # fmt: skip
    assert [found["Waha"][name] for name in counts] == [
        "waha@example.com", "USD", "Active", "0", "0", "0", "0", "",
    ]  # fmt: skip
