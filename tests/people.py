"""One person of every kind around one center, each in a browser of their own."""

from collections.abc import Collection
from dataclasses import dataclass, field

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.cached_db import SessionStore
from django.test import Client

from centers.models import Center, Reseller, Role, User
from tests.factories import member
from tests.thorough import THOROUGH

#: Of a request whose refusal no one reads: it comes without the page around it.
FRAGMENT = {"HX-Request": "true"}


def sign_in(client: Client, person: User) -> Client:
    """`client` with a session of the person's, as signing in leaves one behind.

    Django's own `force_login` makes two sessions, deletes one and saves the person: a third of a test of one page. It
    is for tests of signing in, which need its signals.
    """
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.create()
    client.cookies[settings.SESSION_COOKIE_NAME] = str(session.session_key)
    return client


@dataclass(kw_only=True)
class People:
    """Everyone who may view a center, and the owner of another reseller, who may not."""

    reseller: Reseller
    center: Center
    stranger_of: Reseller
    clients: dict[int, Client] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.owner = member(self.reseller, Role.OWNER, password=None)
        self.billing = member(self.reseller, Role.BILLING, password=None)
        self.support = member(self.reseller, Role.SUPPORT, password=None)
        self.admin = member(self.reseller, Role.CENTER_ADMIN, self.center, password=None)
        self.viewer = member(self.reseller, Role.CENTER_VIEWER, self.center, password=None)
        self.stranger = member(self.stranger_of, Role.OWNER, password=None)

    @staticmethod
    def in_turn(address: str, *people: User) -> tuple[User, ...]:
        """The one of these whose turn it is at this address; with MARKAZ_THOROUGH all.

        tests/guards/test_url_access.py tries every role at every address that is not its own.
        """
        return people if THOROUGH else (people[sum(address.encode()) % len(people)],)

    def statuses(
        self, method: str, address: str, roles: Collection[str], allowed: Collection[str]
    ) -> dict[str, int]:
        """What each of our roles gets there: of those who may enter, the one whose turn it is (see `in_turn`) by
        `method`; the others knock, by a method that no view takes, which shows next to nothing: 405 lets them in.
        """
        enters = self.in_turn(address, *(getattr(self, role) for role in sorted(allowed)))
        found = {}
        for role in sorted(roles):
            person = getattr(self, role)
            client = self.as_(person)
            answer = (
                getattr(client, method)(address)
                if person in enters
                else client.put(address, headers=FRAGMENT)
            )
            found[role] = answer.status_code
        return found

    def as_(self, person: User) -> Client:
        """A browser in which `person` is signed in."""
        if person.pk not in self.clients:
            self.clients[person.pk] = sign_in(Client(), person)
        return self.clients[person.pk]

    def url(self, tail: str) -> str:
        """A staff address."""
        return f"/r/{self.reseller.slug}/{tail}"

    def portal(self, tail: str = "") -> str:
        """An address of the center's portal."""
        return f"/c/{self.center.pk}/{tail}"
