"""What each provider reports about a mail is understood, and believed only if the provider reports it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from centers.mail.events import Bounce, EventsRefused, bounces_in, endpoint
from centers.mail.providers import PROVIDERS
from tests.centers.mail import reports
from tests.centers.mail.reports import SECRET, SIGNING_KEY, TO, Report, password
from tests.centers.mail.servers import use

URLS = {
    "amazon-ses": "region_name=eu-west-1&aws_access_key_id=a&aws_secret_access_key=b",
    "brevo": "api_key=a",
    "mailersend": f"api_token=a&signing_secret={SIGNING_KEY}",
    "mailgun": f"api_key=a&webhook_signing_key={SIGNING_KEY}",
    "mailjet": "api_key=a&secret_key=b",
    "mailtrap": "api_token=a",
    "postmark": "server_token=a",
    "sparkpost": "api_key=a",
}
SIGNED = {"mailersend", "mailgun"}
#: Provider, how it calls the mail, and the kinds of its reports that mean: gone for good, marked as spam, nothing.
KINDS: list[tuple[str, Callable[..., Report], str, list[str], list[str], list[str]]] = [
    ("amazon-ses", reports.amazon, "0102-ses", ["Permanent"], ["Complaint"], ["Transient", "Undetermined"]),
    ("brevo", reports.brevo, "<b@x>", ["hard_bounce", "invalid_email"], ["spam"], ["soft_bounce", "blocked"]),
    ("mailersend", reports.mailersend, "ms-1", ["hard_bounced"], ["spam_complaint"], ["soft_bounced"]),
    ("mailgun", reports.mailgun, "<m@x>", ["permanent"], ["complained"], ["temporary", "delivered"]),
    ("mailjet", reports.mailjet, "17", ["hard"], ["spam"], ["soft"]),
    ("mailtrap", reports.mailtrap, "mt-1", ["bounce"], ["spam"], ["soft bounce", "delivery"]),
    ("postmark", reports.postmark, "pm-1", ["HardBounce", "BadEmailAddress"], ["SpamComplaint"],
     ["SoftBounce", "Transient", "Delivery", "Open", "AutoResponder", "ManuallyDeactivated"]),
    ("sparkpost", reports.sparkpost, "sp-1", ["10", "30"], ["spam_complaint"], ["20", "22", "60", "70"]),
]  # fmt: skip


def chosen(settings: Any, provider: str, webhook_secret: str | None = None) -> None:
    secret = ("" if provider in SIGNED else SECRET) if webhook_secret is None else webhook_secret
    use(settings, f"{provider}:?{URLS[provider]}", webhook_secret=secret)


def posted(report: Report, **headers: str) -> Any:
    return Client().post(
        reverse("mail_events"),
        report.body,
        content_type="application/json",
        headers={**report.headers, **headers},
    )


def seen(rf: Any, report: Report) -> list[Bounce]:
    """What is read from a report."""
    request = rf.post("/", report.body, content_type="application/json", headers=report.headers)
    return bounces_in(endpoint(), request)


def test_every_provider_is_heard() -> None:
    assert {name for name, *_ in KINDS} == set(PROVIDERS) == set(URLS)


@pytest.mark.parametrize(
    ("provider", "report", "mail", "gone", "spam", "nothing"), KINDS, ids=[one[0] for one in KINDS]
)
def test_what_a_provider_reports_is_understood(
    settings: Any, rf: Any, provider: str, report: Any, mail: str, *, gone: Any, spam: Any, nothing: Any
) -> None:
    chosen(settings, provider)
    for kind in [*gone, *spam]:
        (found,) = seen(rf, report(kind, mail))
        assert (found.provider_id.strip("<>"), found.address, found.spam) == (
            mail.strip("<>"),
            TO,
            kind in spam,
        ), kind
    for kind in nothing:
        assert seen(rf, report(kind, mail)) == [], kind
    if provider not in SIGNED | {"amazon-ses", "mailjet"}:
        assert "550" in seen(rf, report(gone[0], mail))[0].said


@pytest.mark.django_db
class TestWhoIsBelieved:
    def test_no_one_where_no_provider_is_chosen(self) -> None:
        assert posted(reports.postmark("HardBounce", "pm-1")).status_code == 404

    def test_no_one_where_nothing_proves_who_calls(self, settings: Any) -> None:
        chosen(settings, "postmark", webhook_secret="")
        assert posted(reports.postmark("HardBounce", "pm-1")).status_code == 404
        use(settings, "mailersend:?api_token=a")
        assert posted(reports.mailersend("hard_bounced", "ms-1")).status_code == 404

    def test_who_has_the_secret(self, settings: Any) -> None:
        chosen(settings, "postmark")
        report = reports.postmark("HardBounce", "pm-1")
        assert posted(report).status_code == 200
        for headers in (password("wrong"), password(user="someone"), {"Authorization": f"Bearer {SECRET}"}):
            assert posted(Report(report.body, headers)).status_code == 400
        answer = posted(Report(report.body))
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Basic realm="Markaz"')

    def test_who_signs(self, settings: Any) -> None:
        chosen(settings, "mailgun")
        assert posted(reports.mailgun("permanent", "m@x")).status_code == 200
        assert posted(reports.mailgun("permanent", "m@x", signing_key="other")).status_code == 400

    def test_an_address_can_be_tried_and_not_read(self, settings: Any) -> None:
        chosen(settings, "postmark")
        assert Client().head(reverse("mail_events")).status_code == 200
        assert Client().get(reverse("mail_events")).status_code == 405

    def test_the_log_says_that_it_was_refused_and_no_more(self, settings: Any, caplog: Any) -> None:
        chosen(settings, "postmark")
        posted(Report(b"canary-body", password("canary-guess")))
        posted(Report(b"canary-body", password()))
        assert "mail_events_refused" in caplog.text
        assert "canary" not in caplog.text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=12,
)
BODIES = st.one_of(
    st.binary(max_size=300),
    JSON.map(lambda value: json.dumps(value).encode()),
    st.tuples(st.sampled_from(KINDS), st.integers(0, 400), st.integers(0, 255)).map(
        lambda drawn: _spoiled(drawn[0][1](drawn[0][3][0], drawn[0][2].strip("<>")).body, drawn[1], drawn[2])
    ),
)


def _spoiled(body: bytes, place: int, byte: int) -> bytes:
    """The body with one byte changed."""
    place %= len(body)
    return body[:place] + bytes([byte]) + body[place + 1 :]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_body_of_any_kind_is_read_or_refused(settings: Any, rf: Any, provider: str) -> None:
    chosen(settings, provider, webhook_secret=SECRET)
    outcomes = set()

    @given(BODIES)
    def attack(body: bytes) -> None:
        request = rf.post("/", body, content_type="application/json", headers=password())
        try:
            outcomes.add(type(bounces_in(endpoint(), request)))
        except EventsRefused:
            outcomes.add(EventsRefused)

    attack()
    assert EventsRefused in outcomes
    assert outcomes <= {EventsRefused, list}
