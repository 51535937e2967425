"""Many accounts without answers at the same time: one notice for the operator of the install."""

from datetime import timedelta

import structlog

from centers.tenancy.scoping import every_tenant
from config.watchdog import probes
from whatsapp.accounts import note_success
from whatsapp.models import MazbotAccount
from whatsapp.monitoring.install_notice import STUCK_AFTER, reach_of_mazbot, tell_operator


def test_accounts_stuck_at_the_same_time_are_one_notice_with_a_begin_and_an_end(new_place, now, valkey):
    places = [new_place() for _ in range(5)]
    for place in places:
        place.add()
    with every_tenant():
        MazbotAccount.objects.update(last_ok_at=now)
        with structlog.testing.capture_logs() as lines:
            assert not tell_operator(now=now)
            late = now + STUCK_AFTER + timedelta(seconds=1)
            assert tell_operator(now=late)
            assert tell_operator(now=late + timedelta(minutes=1))
            reported = probes.queues(probes.Pulses(), minutes=5)["mazbot"]
            assert reported.startswith("5 of 5 accounts at MazBot get no answers")
            MazbotAccount.objects.update(last_ok_at=late)
            assert not tell_operator(now=late + timedelta(minutes=2))
            assert probes.queues(probes.Pulses(), minutes=5)["mazbot"] == ""
    assert [line["event"] for line in lines] == ["mazbot_accounts_stuck", "mazbot_accounts_answer_again"]
    assert lines[0]["stuck"] == lines[0]["accounts"] == 5


def test_few_accounts_and_refused_ones_are_no_notice(new_place, now):
    places = [new_place(last_ok_at=now) for _ in range(6)]
    for place in places:
        place.add()
    with every_tenant():
        chosen = [place.account.pk for place in places[:2]]
        MazbotAccount.objects.filter(pk__in=chosen).update(failing_since=now)
        found = reach_of_mazbot(now)
        assert (found.stuck, found.total, found.is_notice) == (2, 6, False)
        MazbotAccount.objects.update(failing_since=now, refused_at=now)
        assert reach_of_mazbot(now).stuck == 0
        note_success(places[0].account, now=now)
        assert reach_of_mazbot(now).stuck == 1, "once refused is not refused for good"
