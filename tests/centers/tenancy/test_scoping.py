"""Inside `tenant(...)` only that tenant's rows can be read; outside nothing can."""

import pytest
from django_scopes.exceptions import ScopeError

from centers.models import Center, Reseller
from centers.tenancy.scoping import every_tenant, tenant
from tests.factories import CenterFactory, InstanceFactory
from whatsapp.models import Instance

pytestmark = pytest.mark.django_db


@pytest.fixture
def centers() -> tuple[Center, Center, Center]:
    """Two centers of one reseller and one of another, each with a number."""
    ours = CenterFactory()
    found = ours, CenterFactory(reseller=ours.reseller), CenterFactory()
    for center in found:
        InstanceFactory(center=center)
    return found


def seen() -> set[int]:
    return set(Instance.objects.values_list("center_id", flat=True))


def test_a_reseller_sees_its_centers_and_a_center_only_itself(centers: tuple[Center, Center, Center]) -> None:
    ours, sister, stranger = centers
    with tenant(ours.reseller):
        assert seen() == {ours.pk, sister.pk}
    with tenant(ours.reseller, ours):
        assert seen() == {ours.pk}
    with tenant(ours.reseller, stranger):
        assert seen() == set(), "a center of another reseller opens neither"


def test_ids_open_the_same_scopes_as_rows(centers: tuple[Center, Center, Center]) -> None:
    ours, sister, _stranger = centers
    with tenant(ours.reseller_id):
        assert seen() == {ours.pk, sister.pk}
    with tenant(ours.reseller_id, sister.pk):
        assert seen() == {sister.pk}


def test_outside_a_scope_reading_is_an_error_and_the_scope_ends_with_its_block(
    centers: tuple[Center, Center, Center],
) -> None:
    with pytest.raises(ScopeError):
        seen()
    with pytest.raises(ZeroDivisionError), tenant(centers[0].reseller):
        raise ZeroDivisionError
    with pytest.raises(ScopeError):
        seen()
    with every_tenant():
        assert seen() == {center.pk for center in centers}


def test_a_scope_inside_another_counts_until_it_ends(centers: tuple[Center, Center, Center]) -> None:
    ours, sister, stranger = centers
    other: Reseller = stranger.reseller
    with tenant(ours.reseller):
        with tenant(other):
            assert seen() == {stranger.pk}
        assert seen() == {ours.pk, sister.pk}
