"""Every address, every role, every method: who gets in, who does not, and that no one reaches another tenant's rows."""

import itertools
from collections.abc import Iterator, Sequence
from http import HTTPStatus

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from centers.models import Role
from centers.models.tenancy import CENTER_ROLES, STAFF_ROLES
from centers.tenancy.permissions import may
from tests.factories import ResellerFactory, member
from tests.guards.addresses import Address, all_addresses
from tests.guards.rows import TenantRows, snapshot
from tests.people import sign_in
from tests.shared_rows import ROWS
from tests.thorough import THOROUGH

MINE, THEIRS = 800_001, 900_001
METHODS = ("get", "post", "put", "delete")
GUARDED = [address for address in all_addresses() if address.audience]
OPEN = [address for address in all_addresses() if not address.audience]

#: Addresses without a door, each for a reason: they belong to no tenant, or a token in them is the authority.
PUBLIC = {
    "home": "sends people where they belong",
    "set_language": "sets a cookie",
    "invitation": "the token is the authority",
    "second_factor_lost": "the right password was given, the second factor is missing",
    "second_factor_reset": "the token is the authority",
    "second_factor_cancel": "the token is the authority",
    "profile": "a signed-in person's own",
    "leave": "a signed-in person's own",
    "logo": "invitations and pairing links show it",
    "pairing_link": "the token is the authority",
    "pairing_link_start": "the token is the authority",
    "pairing_link_state": "the token is the authority",
    "pairing_link_image": "the token is the authority",
    "invoice_link": "the token is the authority",
    "invoice_link_pdf": "the token is the authority",
    "invoice_link_paid": "the token is the authority",
    "invoice_link_pay": "the token is the authority",
    "price_link": "the token is the authority",
    "price_link_pdf": "the token is the authority",
    "payment_return": "the key of the payment link is the authority",
    "notification_action": "the token is the authority",
    "notifications_unsubscribe": "the token is the authority",
    "webhook_in": "the token is the authority",
    "payment_hook": "the signature is the authority",
    "gateway_callback": "the signature is the authority",
    "mail_events": "the provider signs, or has a password",
    "demo_clock": "only in a demo",
    "manifest": "names and pictures of the app, the same for everyone",
    "service_worker": "a script, the same for everyone",
    "livez": "says that the process answers",
    "readyz": "says that the servers behind it answer",
    "metrics": "guarded by its own token",
}
#: Pages that ask for a second permission, which depends on what the request names.
ALSO_ASKS = {"job_run"}
#: allauth's pages about the signed-in person's own account, or about signing in.
ALLAUTH = ("account_", "mfa_", "usersessions_")


ROLES = list(Role)
#: Shows who is let in and renders next to nothing: mostly 405 behind the door, one sentence in front of it.
CHEAPEST = "put"


def requests(client: Client, rows: TenantRows, *, role: Role) -> Iterator[tuple[Address, str]]:
    """Every address by every role; by the role whose turn it is with every method that its view takes.

    Roles of the other audience take turns, too. With MARKAZ_THOROUGH all of them try everything.
    """
    for number, address in enumerate(GUARDED):
        inside = {"staff": STAFF_ROLES, "portal": CENTER_ROLES}[address.audience]
        outside = [one for one in ROLES if one not in inside]
        if THOROUGH:
            methods: Sequence[str] = METHODS
        elif role == in_turn(address, number):
            methods = [CHEAPEST, *taken(client, url_of(address, rows, MINE))]
        elif role in inside or role == outside[number % len(outside)]:
            methods = [CHEAPEST]
        else:
            methods = []
        for method in methods:
            yield address, method


def in_turn(address: Address, number: int) -> Role:
    """One of the roles of the address's audience, so that its pages are opened by different people."""
    roles = {"staff": STAFF_ROLES, "portal": CENTER_ROLES}[address.audience]
    return sorted(roles)[number % len(roles)]


def url_of(address: Address, rows: TenantRows, pk: int) -> str:
    """The address filled in: tenant kwargs of `rows`, every other number `pk`."""
    known = {"slug": rows.reseller.slug, "center_id": rows.center.pk, "fmt": "csv", "job": "status"}
    known["provider"] = "stripe"
    values = {}
    for name in address.takes:
        values[name] = known.get(name, pk if name == "pk" or name.endswith("_pk") else "x")
    return reverse(address.name, kwargs=values)


def own_kwargs(address: Address) -> list[str]:
    return [name for name in address.takes if name == "pk" or name.endswith("_pk")]


@pytest.fixture
def worlds(request: pytest.FixtureRequest) -> tuple[TenantRows, TenantRows]:
    return ROWS.get(request, two_worlds)


def two_worlds() -> tuple[TenantRows, TenantRows]:
    return TenantRows(ResellerFactory(), first_pk=MINE), TenantRows(ResellerFactory(), first_pk=THEIRS)


def signed_in(rows: TenantRows, role: Role) -> Client:
    """A browser of a person with `role`; an exception of ours is an answer 500, so that all are reported at once."""
    client = Client(raise_request_exception=False)
    return sign_in(client, member(rows.reseller, role, rows.center if role in CENTER_ROLES else None))


def send(client: Client, method: str, url: str, *, whole_pages: Sequence[str] = ("get",)) -> int:
    """The status of one request; by other methods than `whole_pages` as htmx, which gets no page that says why not."""
    headers = {} if method in whole_pages else {"HX-Request": "true"}
    status: int = getattr(client, method)(url, headers=headers).status_code
    return status


def answer(client: Client, method: str, url: str, *, whole_pages: Sequence[str] = ("get",)) -> int:
    """The same, with the effects rolled back."""
    with transaction.atomic():
        status = send(client, method, url, whole_pages=whole_pages)
        transaction.set_rollback(True)
    return status


def taken(client: Client, url: str) -> Sequence[str]:
    """The methods that the view behind the address takes, as it says itself; with MARKAZ_THOROUGH all there are.

    It refuses the others behind the door, whatever the address names.
    """
    response = getattr(client, CHEAPEST)(url, headers={"HX-Request": "true"})
    if THOROUGH or response.status_code != HTTPStatus.METHOD_NOT_ALLOWED:
        return METHODS
    return [method for method in METHODS if method.upper() in response["Allow"].split(", ")]


def test_the_resolver_has_pages() -> None:
    assert len(GUARDED) > 30


@pytest.mark.parametrize("address", OPEN, ids=str)
def test_an_address_without_a_door_is_listed(address: Address) -> None:
    assert address.name in PUBLIC or address.name.startswith(ALLAUTH), f"{address.route} has no door"


@pytest.mark.parametrize("address", GUARDED, ids=str)
def test_a_door_stands_where_its_audience_is(address: Address) -> None:
    assert address.takes[0] == {"staff": "slug", "portal": "center_id"}[address.audience]
    assert address.name


@pytest.mark.django_db
def test_signed_out_people_are_sent_to_sign_in(worlds: tuple[TenantRows, TenantRows], client: Client) -> None:
    for address, method in itertools.product(GUARDED, METHODS):
        response = getattr(client, method)(url_of(address, worlds[0], MINE))
        assert response.status_code == HTTPStatus.FOUND, f"{method} {address}"
        assert response["Location"].startswith(reverse("account_login")), f"{method} {address}"


@pytest.mark.django_db
def test_strangers_of_any_role_get_404_everywhere(worlds: tuple[TenantRows, TenantRows]) -> None:
    """Each address with GET and, in turns, another method and role; with MARKAZ_THOROUGH all of both.

    The refusal is the same page everywhere: it is rendered whole at every eighth address.
    """
    mine, theirs = worlds
    before = snapshot(mine.reseller)
    strangers = [signed_in(theirs, role) for role in ROLES]
    for number, (address, method) in enumerate(itertools.product(GUARDED, METHODS)):
        place, turn = divmod(number, len(METHODS))
        if not THOROUGH and turn not in (0, 1 + place % (len(METHODS) - 1)):
            continue
        for stranger in strangers if THOROUGH else [strangers[(place + turn) % len(ROLES)]]:
            url, whole = url_of(address, mine, MINE), ("get",) if THOROUGH or place % 8 == 0 else ()
            assert send(stranger, method, url, whole_pages=whole) == HTTPStatus.NOT_FOUND, (
                f"{method} {address}"
            )
    assert snapshot(mine.reseller) == before


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_a_role_that_may_not_gets_403_and_one_that_may_does_not(
    worlds: tuple[TenantRows, TenantRows], role: Role
) -> None:
    mine, _theirs = worlds
    client = signed_in(mine, role)
    roles = {"staff": STAFF_ROLES, "portal": CENTER_ROLES}
    before = snapshot(mine.reseller)
    wrong = []
    for address, method in requests(client, mine, role=role):
        status = answer(client, method, url_of(address, mine, MINE))
        if role not in roles[address.audience]:
            right = status == HTTPStatus.NOT_FOUND
        elif not may(role, address.view.permission):
            right = status == HTTPStatus.FORBIDDEN
        else:
            right = status < HTTPStatus.INTERNAL_SERVER_ERROR and (
                status != HTTPStatus.FORBIDDEN or address.name in ALSO_ASKS
            )
        if not right:
            wrong.append(f"{method} {address}: {status}")
    assert wrong == []
    assert snapshot(mine.reseller) == before, "a request that was rolled back left something"


@pytest.mark.django_db
def test_ids_of_another_tenant_are_404_like_ids_that_do_not_exist(
    worlds: tuple[TenantRows, TenantRows],
) -> None:
    mine, theirs = worlds
    before = snapshot(theirs.reseller)
    browsers = {"staff": signed_in(mine, Role.OWNER), "portal": signed_in(mine, Role.CENTER_ADMIN)}
    for address in GUARDED:
        if not own_kwargs(address):
            continue
        client = browsers[address.audience]
        for method in taken(client, url_of(address, mine, THEIRS)):
            foreign = answer(client, method, url_of(address, mine, THEIRS), whole_pages=())
            unknown = answer(client, method, url_of(address, mine, 700_001), whole_pages=())
            assert foreign == unknown, f"{method} {address}"
            assert foreign in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED), (
                f"{method} {address}: {foreign}"
            )
    assert snapshot(theirs.reseller) == before


@pytest.mark.django_db
def test_another_centers_numbers_are_404_in_a_portal(worlds: tuple[TenantRows, TenantRows]) -> None:
    mine, _theirs = worlds
    first = mine.center
    admin = sign_in(Client(), member(mine.reseller, Role.CENTER_ADMIN, first))
    mine.add(MINE + 1)
    sibling = mine.center
    mine.center = first
    for address in GUARDED:
        if address.audience == "portal" and own_kwargs(address):
            for method in taken(admin, url_of(address, mine, sibling.pk)):
                status = answer(admin, method, url_of(address, mine, sibling.pk))
                assert status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED), f"{method} {address}"
