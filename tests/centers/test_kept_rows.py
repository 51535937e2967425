"""Rows by a kept statement: those of the scope and the key, read as the query set reads them."""

from dataclasses import replace
from typing import Any

import pytest
from django.db.models import QuerySet
from django_scopes import ScopeError

from centers.models import Reseller
from centers.models.kept_rows import KEPT, KeptRows, _statement
from centers.stored_messages import StoredMessage
from centers.tenancy.scoping import tenant
from tests.factories import CenterFactory, InstanceFactory, ResellerFactory
from whatsapp.models import Instance

pytestmark = pytest.mark.django_db
FIELDS = ("pk", "label", "center__name", "switch_error", "last_seen")


@pytest.fixture
def reseller() -> Reseller:
    made: Reseller = ResellerFactory()
    return made


def labelled(label: str) -> KeptRows:
    def build() -> "QuerySet[Any]":
        rows = Instance.objects.values_list(*FIELDS, named=True)
        return rows.filter(pk__in=()) if label == "none" else rows.filter(label__startswith=label)

    return KeptRows(label, build)


def test_rows_are_as_the_query_set_reads_them(reseller: Reseller) -> None:
    for label in ("A2", "A1", "B1"):
        InstanceFactory(center__reseller=reseller, reseller=reseller, label=label)
    with tenant(reseller):
        Instance.objects.filter(label="A1").update(
            switch_error=StoredMessage("Gone for %(n)s days", {"n": 3})
        )
        order = ("label", "pk")
        for _ in range(2):
            found = labelled("A").first(order, 5)
            assert found == list(labelled("A").build().order_by(*order))
            assert [(row.label, row.switch_error) for row in found] == [("A1", "Gone for 3 days"), ("A2", "")]
        assert [row.label for row in labelled("A").first(("-label", "pk"), 1)] == ["A2"]
        assert [row.label for row in labelled("B").first(order, 5)] == ["B1"]
        assert labelled("none").first(order, 5) == []


def test_they_are_new_each_time(reseller: Reseller) -> None:
    number = InstanceFactory(center__reseller=reseller, reseller=reseller, label="A1")
    with tenant(reseller):
        assert len(labelled("A").first(("pk",), 5)) == 1
        Instance.objects.filter(pk=number.pk).update(label="B1")
        assert labelled("A").first(("pk",), 5) == []


def test_each_scope_has_its_own(reseller: Reseller) -> None:
    other = ResellerFactory()
    one, two = CenterFactory(reseller=reseller), CenterFactory(reseller=reseller)
    made = [InstanceFactory(center=center, reseller=center.reseller) for center in (one, two)]
    made.append(InstanceFactory(center__reseller=other, reseller=other))
    found = []
    for scope in ((reseller,), (reseller, one), (reseller, two), (other,)):
        with tenant(*scope):
            found.append([row.pk for row in labelled("").first(("pk",), 5)])
    first, second, third = (number.pk for number in made)
    assert found == [[first, second], [first], [second], [third]]
    with pytest.raises(ScopeError):
        labelled("").first(("pk",), 5)


def test_keys_choose_rows_and_stand_in_no_statement(reseller: Reseller) -> None:
    other = InstanceFactory(center__reseller=ResellerFactory())
    made = [
        InstanceFactory(center__reseller=reseller, reseller=reseller, label=f"A{at}").pk for at in range(4)
    ]
    _statement.cache_clear()
    with tenant(reseller):
        for keys in (made[:3], made[2:], [], [other.pk]):
            rows = replace(labelled("A"), keys=keys)
            found = [row.pk for row in rows.first(("-label", "pk"), 2)]
            assert found == sorted(set(keys) & set(made), reverse=True)[:2]
            assert {row.pk for row in rows.every()} == set(keys) & set(made)
        assert _statement.cache_info().currsize == 1
        assert len(labelled("A").first(("pk",), 9)) == 4


def test_few_are_kept() -> None:
    assert _statement.cache_info().maxsize == KEPT
