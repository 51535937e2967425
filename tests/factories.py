"""Rows for tests; each factory creates a valid row with nothing that a test does not need."""

from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from centers import clock
from centers.models import Center, Membership, Reseller, Role, User
from whatsapp.models import Instance, MazbotAccount

PASSWORD = "correct horse battery"


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.com")
    name = factory.Sequence(lambda n: f"Person {n}")
    password = factory.django.Password(PASSWORD)
    email_proven_at = factory.LazyFunction(timezone.now)


class ResellerFactory(DjangoModelFactory):
    class Meta:
        model = Reseller

    name = factory.Sequence(lambda n: f"Reseller {n}")
    slug = factory.Sequence(lambda n: f"reseller-{n}")


class ScopedFactory(DjangoModelFactory):
    """Writes through the model itself, because a scoped manager asks for an open scope even to create."""

    class Meta:
        abstract = True

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        row = model_class(*args, **kwargs)
        row.save()
        return row


class CenterFactory(ScopedFactory):
    class Meta:
        model = Center

    reseller = factory.SubFactory(ResellerFactory)
    name = factory.Sequence(lambda n: f"Center {n}")
    email = factory.Sequence(lambda n: f"center{n}@example.com")
    currency = "USD"
    country_id = "1"


class InstanceFactory(ScopedFactory):
    class Meta:
        model = Instance

    center = factory.SubFactory(CenterFactory)
    reseller = factory.SelfAttribute("center.reseller")
    instance_id = factory.Sequence(lambda n: f"inst-{n:05d}")
    # Its center holds it since it was added.
    held_since = factory.LazyAttribute(lambda made: getattr(made, "created_at", None) or clock.now())
    # A phone was connected to it once: otherwise it is "not paired yet", whatever MazBot reports.
    first_connected_at = factory.LazyFunction(timezone.now)


class MazbotAccountFactory(ScopedFactory):
    class Meta:
        model = MazbotAccount

    reseller = factory.SubFactory(ResellerFactory)
    api_key = "demo-key"
    email = "staff@demo-reseller.example"
    password = "demo-password"


def member(reseller: Reseller, role: Role = Role.OWNER, center: Center | None = None, **user: Any) -> User:
    """A new person with one membership."""
    person: User = UserFactory(**user)
    Membership.objects.create(user=person, reseller=reseller, role=role, center=center)
    return person
