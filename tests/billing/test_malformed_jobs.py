"""Answers that no MazBot should give, met by the real jobs: no row is wrong, and the next number is still read."""

import json
import random
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from billing.jobs import account_job, rates_job, usage_job
from billing.models import AccountUsageRecord, FlaggedUsage, Rate, UsageRecord
from centers.models import JobRun
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW, Shop
from tests.whatsapp.mazbot.conftest import RawServer, http, raw
from whatsapp.jobs import switching_job
from whatsapp.models import Connection, DesiredReason, Instance, MazbotAccount, PairingAttempt, Service
from whatsapp.monitoring.scheduler import check_instances
from whatsapp.pairing.qr_worker import ask_code
from whatsapp.pairing.sessions import start_pairing
from whatsapp.service.desired_state import set_desired_state

__all__ = ["raw"]
pytestmark = pytest.mark.django_db(transaction=True)

BAD = 80
USAGE = {"total_sent": 7, "total_received": 3, "failed_messages": 1, "total_cost": 0.5}
GOOD = {
    "status": {"success": True, "status": "connected", "last_seen": None},
    "usage": {"success": True, "data": USAGE},
    "main-account": {"success": True, "data": {**USAGE, "available_quota": 9}},
    "rates": {"success": True, "data": [{"type": "text", "cost": 0.05, "currency": "USD"}]},
    "toggle": {"success": True, "current_status": "disabled", "message": ""},
}
WRONG = [
    None, True, False, -1, -0.5, "", "x", "٣", "1e999", "12abc", "0x10", "\ud800", "a\0b", "\u202e7", [], [1], {},
    10**400, 1.5, "x" * 300_000,
]  # fmt: skip


def malformed(dice: random.Random) -> bytes:
    """An answer to any call that is none."""
    text = json.dumps(dice.choice(list(GOOD.values())))
    nested = "[" * 50_000
    broken: list[str] = [
        "", "null", "[]", "true", '"connected"', "<html>502</html>", "{", text[: dice.randrange(1, len(text))],
        text.replace("true", json.dumps(dice.choice([False, "true", "yes", 1, None, [True]])), 1),
        text.replace('"success": true, ', ""), text.replace('"success": true', '"success": NaN'),
        '{"success": true}', '{"success": true, "data": null}', '{"success": true, "data": ' + nested,
        '{"success": true, "data": {"total_sent": 1e999}}',
    ]  # fmt: skip
    one_wrong = {name: dice.choice(WRONG[:-1]) for name in USAGE}
    broken.append(
        json.dumps({"success": True, "status": dice.choice([1, [], {}, None, True]), "data": one_wrong})
    )
    body = dice.choice(broken).encode("utf-8", "surrogatepass")
    # No redirect: that says the account's path is wrong, and ends a round for all.
    status = dice.choice(["200 OK"] * 6 + ["204 No Content", "422 No", "500 No", "503 No"])
    return http(body, status, dice.choice([(), (), ("Content-Encoding: gzip",), ("Set-Cookie: a=b",)]))


@pytest.fixture
def world(committed_shop: Shop, raw: RawServer) -> Iterator[tuple[list[Instance], list[Instance]]]:
    """Numbers that MazBot answers rightly, and more whose every answer is another malformed one."""
    shop, dice = committed_shop, random.Random(20261126)
    MazbotAccount.objects.update(base_url=raw.url, rate_limit=30_000)
    fine = [shop.number(instance_id=f"fine-{n}") for n in range(20)]
    bad = [shop.number(instance_id=f"bad-{n}") for n in range(BAD)]

    def reply(path: str) -> list[bytes]:
        asked = raw.being_answered.request.decode("latin-1")
        if re.search(r"bad-\d+", asked):
            return [malformed(dice)]
        call = next(name for name in ("main-account", "usage", "status", "rates", "toggle") if name in path)
        return [http(json.dumps(GOOD[call]).encode())]

    raw.reply = reply
    Instance.objects.update(held_since=NOW - timedelta(days=3))
    with tenant(shop.reseller):
        yield fine, bad


def test_a_sweep_learns_nothing_from_them(
    committed_shop: Shop, world: tuple[list[Instance], list[Instance]]
) -> None:
    fine, bad = world
    check_instances(reseller=committed_shop.reseller, instances=[*bad, *fine], now=NOW, deadline=60)
    # So many failures may pause an account that is slow to answer them: its next round has the rest.
    rest = list(Instance.objects.filter(instance_id__startswith="fine", connection=Connection.UNCHECKED))
    check_instances(reseller=committed_shop.reseller, instances=rest, now=NOW, deadline=60)
    of = dict(Instance.objects.values_list("instance_id", "connection"))
    assert {of[number.instance_id] for number in fine} == {Connection.CONNECTED}
    assert {of[number.instance_id] for number in bad} <= {Connection.UNCHECKED, Connection.CONNECTED}
    unreadable = Instance.objects.filter(instance_id__startswith="bad", connection=Connection.UNCHECKED)
    assert unreadable.count() > BAD / 2
    assert not unreadable.filter(check_error="").exists(), "it is said that they could not be checked"


def test_usage_takes_nothing_over_from_them(
    committed_shop: Shop, world: tuple[list[Instance], list[Instance]]
) -> None:
    fine, _bad = world
    run = usage_job(reseller=committed_shop.reseller, now=NOW)
    rows = UsageRecord.objects.values_list("instance_id", "sent", "received", "failed", "cost")
    right = {(7, 3, 1, "0.5000000000"), (0, 0, 0, "0E-10"), (0, 0, 0, "0.0000000000")}
    assert {pk for pk, *_counts in rows} >= {number.pk for number in fine}
    assert {(*counts[:3], str(counts[3])) for _pk, *counts in rows} <= right
    assert set(FlaggedUsage.objects.values_list("flag", flat=True)) == {FlaggedUsage.Flag.ODD}
    assert not FlaggedUsage.objects.filter(note="").exists(), "it is said what stood there"
    assert (run.state, run.done) == ("partial", UsageRecord.objects.count())
    assert run.failed >= BAD


def test_of_lists_and_the_account_only_what_can_be_read_is_kept(committed_shop: Shop, raw: RawServer) -> None:
    shop, dice = committed_shop, random.Random(7)
    MazbotAccount.objects.update(base_url=raw.url, rate_limit=30_000)
    raw.reply = lambda path: [malformed(dice)]
    for _try in range(40):
        rates_job(reseller=shop.reseller, now=NOW)
        account_job(reseller=shop.reseller, now=NOW)
    known = {("text", "0.0500000000", "USD")}
    assert {(row.type, str(row.cost), row.currency) for row in Rate.objects.all()} <= known
    assert set(AccountUsageRecord.objects.values_list("sent", flat=True)) <= {7, 0, None}
    assert not AccountUsageRecord.objects.filter(sent=None, odd="").exists()
    assert JobRun.objects.exclude(state__in=("done", "partial", "failed")).count() == 0
    assert JobRun.objects.count() == 80


def test_switches_and_codes_are_believed_only_when_confirmed(
    committed_shop: Shop, world: tuple[list[Instance], list[Instance]]
) -> None:
    fine, bad = world
    some = [*bad[:40], *fine[:10]]
    set_desired_state(instances=some, state=Service.DISABLED, reason=DesiredReason.MANUAL, by=None, now=NOW)
    switching_job(reseller=committed_shop.reseller, now=NOW)
    of = dict(Instance.objects.values_list("instance_id", "service"))
    assert {of[number.instance_id] for number in fine[:10]} == {Service.DISABLED}
    waiting = Instance.objects.filter(instance_id__startswith="bad").exclude(service=Service.DISABLED)
    assert waiting.filter(desired_state=Service.DISABLED, switch_next_at=None).count() == 0, "requested again"
    for number in bad[40:60]:
        attempt = start_pairing(instance=number, by=None, via=PairingAttempt.Via.STAFF, now=NOW)
        assert not ask_code(attempt=attempt, now=NOW)
    assert set(PairingAttempt.objects.values_list("state", "image")) == {(PairingAttempt.State.FAILED, None)}
