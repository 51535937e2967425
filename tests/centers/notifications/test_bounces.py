"""An email that comes back, or is marked as spam: its message says so, and its address gets nothing more."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.test import Client
from django.urls import reverse

from centers.models import AuditEntry, Center, Destination, Notification, Role, User
from centers.notifications.claims import CLAIM, claim
from centers.notifications.compose import compose
from centers.notifications.delivery import _begin
from centers.notifications.destinations import paused_addresses, resume_destination
from centers.notifications.log import send_again
from centers.notifications.message import Accepted
from centers.notifications.outcomes import record
from centers.notifications.preferences import save_preference
from centers.tenancy.scoping import tenant
from tests.centers.mail.reports import SECRET, Report, password, postmark
from tests.centers.mail.servers import use
from tests.centers.notifications.channels.services import Received, Service, running
from tests.centers.notifications.conftest import NOON, Desk
from tests.centers.notifications.inbox import Inbox
from tests.centers.notifications.test_pages import browser, url
from tests.factories import CenterFactory, ResellerFactory, member
from whatsapp.models import Alert

AMAL = "Amal@Center.example"
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def provider(settings: Any) -> Iterator[Service]:
    with running() as service:

        def take(request: Received) -> tuple[int, dict[str, str], bytes]:
            document = json.loads(request.body)
            answer = {
                "ErrorCode": 0,
                "Message": "OK",
                "MessageID": f"pm-{len(service.received)}",
                "To": document["To"],
            }
            return 200, {}, json.dumps(answer).encode()

        service.reply = take
        use(settings, f"postmark:?server_token=x&api_url={service.url}/", webhook_secret=SECRET)
        yield service


def report(kind: str, mail: str, key: str = "", to: str = AMAL.lower()) -> int:
    """What the provider's request with this report is answered with."""
    sent = postmark(kind, mail, key, to)
    return post(sent)


def post(sent: Report) -> int:
    headers = sent.headers
    answer = Client().post(
        reverse("mail_events"), sent.body, content_type="application/json", headers=headers
    )
    return answer.status_code


def tell(desk: Desk, about: str, **more: Any) -> Notification:
    """A message to a center's contact, delivered."""
    write(desk, about, **more)
    desk.deliver(more.get("now", NOON))
    return Notification.objects.get(about=about)


def write(desk: Desk, about: str, **more: Any) -> None:
    rows = Center.objects.filter(reseller=desk.reseller, email=AMAL)
    center = rows.first() or CenterFactory(reseller=desk.reseller, email=AMAL)
    desk.tell(about, people=[], for_contact=True, center=center.pk, kind="test.own", **more)


def states() -> list[str]:
    """Of the messages that tests write; the alert about a paused address is a message, too."""
    rows = Notification.objects.filter(kind__startswith="test.").order_by("pk")
    return list(rows.values_list("state", flat=True))


def keys(service: Service) -> list[str]:
    return [json.loads(one.body)["Metadata"]["key"] for one in service.received]


def test_a_bounce_is_noted_once_and_the_address_gets_nothing_more(desk: Desk, provider: Service) -> None:
    first = tell(desk, "invoice:1")
    assert (first.state, first.provider_id) == ("sent", "pm-1")
    for _delivery in range(3):
        assert report("HardBounce", "pm-1") == 200
    first.refresh_from_db()
    assert first.state == "bounced"
    assert "bounced" in str(first.error)
    assert first.answer.startswith("smtp;550 5.1.1")
    assert desk.outcomes("invoice:1") == ["sent", "bounced"]
    place = Destination.objects.get(channel="email")
    assert (place.user, place.label, place.address) == (None, AMAL, AMAL)
    assert AuditEntry.objects.filter(action="destination.paused").count() == 1
    alert = Alert.objects.get(kind="channel_dead", resolved_at=None)
    assert AMAL in str(alert.detail)

    second = tell(desk, "invoice:2", now=LATER)
    assert second.state == "failed"
    assert "until someone confirms it" in str(second.error)
    assert [json.loads(one.body)["To"] for one in provider.received].count(AMAL) == 1

    resume_destination(destination=place, by=desk.owner, now=LATER)
    assert not Alert.objects.filter(kind="channel_dead", resolved_at=None).exists()
    send_again(notification=second, by=desk.owner, now=LATER)
    send_again(notification=first, by=desk.owner, now=LATER)
    desk.deliver(LATER)
    assert states() == ["sent", "sent"]
    assert [json.loads(one.body)["To"] for one in provider.received].count(AMAL) == 3


def test_a_complaint_is_noted_too_and_is_no_bounce(desk: Desk, provider: Service) -> None:
    tell(desk, "invoice:1")
    assert report("SpamComplaint", "pm-1") == 200
    row = Notification.objects.get(kind="test.own")
    assert (row.state, row.has_failed, row.is_unwelcome) == ("spam", False, True)
    assert "marked an email as spam" in str(Destination.objects.get(channel="email").pause_reason)
    assert tell(desk, "invoice:2", now=LATER).state == "failed"


@pytest.mark.parametrize("kind", ["SoftBounce", "Transient", "Delivery", "Open"])
def test_what_passes_changes_nothing(desk: Desk, provider: Service, kind: str) -> None:
    tell(desk, "invoice:1")
    assert report(kind, "pm-1") == 200
    assert states() == ["sent"]
    assert not Destination.objects.filter(channel="email").exists()


def test_nothing_forged_or_unknown_changes_anything(desk: Desk, provider: Service) -> None:
    tell(desk, "invoice:1")
    (key,) = keys(provider)
    sent = postmark("HardBounce", "pm-1")
    assert post(Report(sent.body)) == 401
    assert post(Report(sent.body, password("guessed"))) == 400
    assert post(Report(sent.body[:-1], password())) == 400
    for mail, given in [
        ("pm-77", ""),
        ("", ""),
        ("%", key.replace("invoice:1", "invoice:2")),
        ("pm-77", f"9{key}"),
    ]:
        assert report("HardBounce", mail, given) == 200
    for given in ("1:", ":x", "x:y", "٣:invoice:1", "9" * 30 + ":x", "\0:x"):
        assert report("HardBounce", "pm-78", given) == 200
    assert states() == ["sent"]
    assert not Destination.objects.filter(channel="email").exists()


def test_another_tenant_is_not_touched(desk: Desk, provider: Service) -> None:
    tell(desk, "invoice:1")
    other = ResellerFactory(time_zone="UTC")
    with tenant(other):
        theirs = Desk(other, member(other), desk.channel)
        tell(theirs, "invoice:1", now=NOON)
        report("HardBounce", "pm-2")
        assert states() == ["bounced"]
        assert paused_addresses(other).count() == 1
    assert states() == ["sent"]
    assert tell(desk, "invoice:2", now=LATER).state == "sent"


def test_a_list_bounces_as_a_whole(desk: Desk, provider: Service) -> None:
    someone = person(desk)
    desk.tell(*[f"alert:{number}" for number in range(7)], people=[someone])
    desk.deliver()
    assert set(states()) == {"condensed"}
    report("HardBounce", "pm-1", to=someone.email)
    assert set(states()) == {"bounced"}
    place = Destination.objects.get(channel="email")
    assert (place.user, place.label) == (someone, someone.email)
    assert sum(row.tries.filter(outcome="bounced").count() for row in Notification.objects.all()) == 1


def person(desk: Desk) -> User:
    """One who gets emails about the kinds of these tests."""
    made: User = member(desk.reseller, Role.SUPPORT, email="support@noor.example")
    save_preference(reseller=desk.reseller, group="tests", user=made, by=made, now=NOON, channels=["email"])
    return made


def test_a_person_with_another_address_by_now_is_written_to(desk: Desk, provider: Service) -> None:
    someone = person(desk)
    desk.tell("alert:1", people=[someone])
    desk.deliver()
    old, someone.email = someone.email, "new@noor.example"
    someone.save()
    report("HardBounce", "pm-1", to=old)
    assert states() == ["bounced"]
    assert not Destination.objects.filter(channel="email").exists()


def test_a_report_that_is_faster_than_our_own_record_is_kept(desk: Desk, provider: Service) -> None:
    write(desk, "invoice:1")
    lane = Notification.objects.get().lane
    (batch,) = claim(reseller=desk.reseller, lane=lane, now=NOON)
    message = compose(batch.lead, batch.rows, NOON)
    assert message is not None
    attempt = _begin(batch, message, NOON)
    assert attempt is not None
    report("HardBounce", "pm-1", key=message.key)
    assert states() == ["bounced"]
    record(batch, attempt, Accepted(provider_id="pm-1"), NOON)
    assert states() == ["bounced"]
    desk.deliver(NOON + CLAIM)
    assert len(desk.outcomes("invoice:1")) == 2


def test_a_report_about_an_earlier_sending_is_too_late(desk: Desk, provider: Service) -> None:
    first = tell(desk, "invoice:1")
    (key,) = keys(provider)
    report("HardBounce", "pm-1")
    resume_destination(destination=Destination.objects.get(channel="email"), by=desk.owner, now=LATER)
    send_again(notification=first, by=desk.owner, now=LATER)
    desk.deliver(LATER)
    report("HardBounce", "pm-1", key=key)
    assert states() == ["sent"]
    # The same name, as where a provider keeps our Message-ID.
    sent = json.loads(postmark("HardBounce", "pm-2", key, AMAL).body)
    assert post(Report(json.dumps(sent | {"BouncedAt": NOON.isoformat()}).encode(), password())) == 200
    assert states() == ["sent"]
    assert post(Report(json.dumps(sent | {"BouncedAt": LATER.isoformat()}).encode(), password())) == 200
    assert states() == ["bounced"]


def test_a_mail_server_that_knows_no_such_mailbox_pauses_the_address(desk: Desk, inbox: Inbox) -> None:
    inbox.refuse = {"RCPT": "550 5.1.1 User unknown"}
    assert tell(desk, "invoice:1").state == "failed"
    # The server refuses the owner's mailbox too, to which the alert about this one goes.
    assert {str(place) for place in paused_addresses(desk.reseller)} == {AMAL, desk.owner.email}
    inbox.refuse = {}
    assert tell(desk, "invoice:2", now=LATER).state == "failed"
    assert AMAL not in [mail["To"] for mail in inbox.mails]


def test_one_that_refuses_for_another_reason_does_not(desk: Desk, inbox: Inbox) -> None:
    inbox.refuse = {"RCPT": "554 5.7.1 Relay access denied"}
    assert tell(desk, "invoice:1").state == "waiting"
    assert not paused_addresses(desk.reseller).exists()


def test_the_pages_show_it_and_a_person_confirms_the_address(desk: Desk, provider: Service) -> None:
    someone = person(desk)
    desk.tell("alert:1", people=[someone])
    desk.deliver()
    tell(desk, "invoice:1")
    report("HardBounce", "pm-1", to=someone.email)
    report("SpamComplaint", "pm-2")
    owner = browser(desk.owner)
    log = owner.get(url(desk, "notification_log")).content.decode()
    assert "Bounced" in log
    assert "Marked as spam" in log
    page = owner.get(url(desk, "settings_email")).content.decode()
    assert AMAL in page
    edit = url(desk, "center_edit", Center.objects.get(email=AMAL).pk)
    assert page.count(edit) == 1, "of the center alone"
    assert someone.email in page
    assert "Reported by Postmark" in page
    # In a person's own list it is theirs alone, and the team's has places that were set up.
    assert someone.email in browser(someone).get(url(desk, "reach")).content.decode()
    assert "Resume" in browser(someone).get(url(desk, "reach")).content.decode()
    assert AMAL not in owner.get(url(desk, "settings_notifications")).content.decode()
    place = Destination.objects.get(label=AMAL)
    resume = url(desk, "settings_email_resume", place.pk)
    assert browser(someone).post(resume).status_code == 403
    assert owner.post(resume)["Location"] == url(desk, "settings_email")
    assert not paused_addresses(desk.reseller).filter(pk=place.pk).exists()
    assert owner.post(resume).status_code == 404
    assert AMAL not in owner.get(url(desk, "settings_notifications")).content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_provider_reports_over_http(live_server: Any, provider: Service, channel: Any) -> None:
    reseller = ResellerFactory(time_zone="UTC")
    with tenant(reseller):
        desk = Desk(reseller, member(reseller), channel)
        tell(desk, "invoice:1")
        address = f"{live_server.url}{reverse('mail_events')}"
        body = postmark("HardBounce", "pm-1").body
        assert requests.head(address, timeout=30).status_code == 200
        assert requests.post(address, body, timeout=30).status_code == 401
        assert requests.post(address, body, auth=("markaz", "guess"), timeout=30).status_code == 400
        assert states() == ["sent"]
        assert requests.post(address, body, auth=("markaz", SECRET), timeout=30).status_code == 200
        assert states() == ["bounced"]
