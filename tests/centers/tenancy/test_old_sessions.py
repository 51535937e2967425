"""Expired sessions do not stay in the database."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from centers.tenancy import old_sessions
from tests.factories import UserFactory


@pytest.mark.django_db
def test_expired_sessions_and_their_devices_go_and_the_others_stay() -> None:
    clients = [Client(), Client()]
    for client in clients:
        client.force_login(UserFactory())
        client.get("/")
    keys = [client.session.session_key for client in clients]
    assert UserSession.objects.count() == 2
    long_ago = timezone.now() - timedelta(days=15)
    UserSession.objects.update(created_at=long_ago)
    Session.objects.filter(session_key=keys[0]).update(expire_date=timezone.now() - timedelta(seconds=1))
    assert old_sessions.clear() == 1
    assert Session.objects.get().session_key == keys[1]
    assert UserSession.objects.get().session_key == keys[1]


@pytest.mark.django_db
def test_a_device_whose_session_is_just_being_written_stays() -> None:
    UserSession.objects.create(user=UserFactory(), session_key="x" * 32, ip="127.0.0.1")
    assert old_sessions.clear() == 0
    assert UserSession.objects.exists()
