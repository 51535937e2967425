"""Hints: sent on commit, counted per tenant and center, dropped without harm when Valkey is away."""

import ast
import json
import random

import pytest
import redis
from django.conf import settings
from django.core import signing
from django.db import transaction
from django.http import HttpResponse
from django.test import RequestFactory

from centers import live
from centers.audit import entries
from centers.models import AuditEntry
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.tenancy.scoping import tenant
from centers.web.context import page
from tests.factories import CenterFactory, ResellerFactory, member

RESELLER = random.randrange(10**6, 10**9)  # messages cross Valkey's database numbers: be no one else


@pytest.mark.django_db(transaction=True)
def test_a_hint_is_sent_only_when_the_transaction_commits(valkey: redis.Redis) -> None:
    listening = valkey.pubsub()
    listening.subscribe(live.CHANNEL)
    with transaction.atomic():
        live.publish(RESELLER, "jobs")
        transaction.set_rollback(True)
    with transaction.atomic():
        live.publish(RESELLER, "alerts", "instances", centers=(4, 5))
        assert live.stamp(RESELLER) == "0"
    ours = []
    while message := listening.get_message(timeout=1):
        if message["type"] == "message" and (hint := json.loads(message["data"]))["r"] == RESELLER:
            ours.append(hint)
    assert ours == [{"r": RESELLER, "t": ["alerts", "instances"], "v": {"": 1, "4": 1, "5": 1}}]
    assert [live.stamp(RESELLER), live.stamp(RESELLER, 4), live.stamp(RESELLER, 6)] == ["1", "1", "0"]


@pytest.mark.django_db(transaction=True)
def test_an_audit_entry_with_topics_tells_the_pages_of_its_center_once_it_is_committed() -> None:
    center = CenterFactory()
    reseller, other = center.reseller, CenterFactory(reseller=center.reseller)

    def stamps() -> list[str]:
        return [live.stamp(reseller.pk, pk) for pk in (None, center.pk, other.pk)]

    before = stamps()
    with tenant(reseller):
        with transaction.atomic():
            entries.record("center.edited", reseller=reseller, by=None, target=center, topics=("centers",))
            transaction.set_rollback(True)
        with transaction.atomic():
            entries.record("center.edited", reseller=reseller, by=None, target=center)
        assert stamps() == before
        with transaction.atomic():
            entries.record("center.edited", reseller=reseller, by=None, target=center, topics=("centers",))
            assert stamps() == before
        assert AuditEntry.objects.filter(action="center.edited").count() == 2
    assert stamps() == [str(int(before[0]) + 1), str(int(before[1]) + 1), before[2]]


def test_every_entry_about_money_tells_the_pages() -> None:
    """An open page would show the sums from before until someone loads it again."""
    silent, found = [], 0
    for path in (settings.BASE_DIR / "billing").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "entries.record":
                found += 1
                if not {"topics", None} & {keyword.arg for keyword in call.keywords}:
                    silent.append(f"{path.relative_to(settings.BASE_DIR)}:{call.lineno}")
    assert found > 50
    assert silent == []


@pytest.mark.django_db(transaction=True)
def test_without_valkey_the_work_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "valkey", lambda: redis.Redis.from_url("redis://127.0.0.1:1/0"))
    with transaction.atomic():
        live.publish(RESELLER, "instances")
    assert live.stamp(RESELLER) == ""


def test_a_token_opens_one_tenant_and_cannot_be_changed() -> None:
    token = live.make_token(3, 9)
    assert live.read_token(token) == (3, 9)
    assert live.read_token(live.make_token(3)) == (3, None)
    assert 0 < live.token_seconds_left(token) <= live.TOKEN_SECONDS
    for bad in (token[:-1], "x" + token, signing.dumps([3, 9], salt="another"), ""):
        with pytest.raises(signing.BadSignature):
            live.read_token(bad)
    assert settings.SECRET_KEY not in token


@pytest.mark.django_db(transaction=True)
def test_what_changes_while_a_page_is_made_is_newer_than_the_page() -> None:
    owner = member(reseller := ResellerFactory())
    request = RequestFactory().get("/")
    request.user, request.htmx = owner, False  # type: ignore[attr-defined]
    before = live.stamp(reseller.pk)

    @staff(Permission.VIEW_JOBS)
    def view(request: TenantRequest) -> HttpResponse:
        live.publish(reseller.pk, "jobs")
        return HttpResponse(page(request)["live_stamp"])

    assert view(request, reseller.slug).content.decode() == before
    assert live.stamp(reseller.pk) != before
