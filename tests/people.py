"""One person of every kind around one center, each in a browser of their own."""

from dataclasses import dataclass, field

from django.test import Client

from centers.models import Center, Reseller, Role, User
from tests.factories import member


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

    def as_(self, person: User) -> Client:
        """A browser in which `person` is signed in."""
        if person.pk not in self.clients:
            self.clients[person.pk] = Client()
            self.clients[person.pk].force_login(person)
        return self.clients[person.pk]

    def url(self, tail: str) -> str:
        """A staff address."""
        return f"/r/{self.reseller.slug}/{tail}"

    def portal(self, tail: str = "") -> str:
        """An address of the center's portal."""
        return f"/c/{self.center.pk}/{tail}"
