"""Sending by the API of each provider, to a server of our own; and what its refusals mean."""

import json
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage

from centers.mail.problems import Diagnosis, Problem
from centers.mail.providers import PROVIDERS
from centers.mail.sending import MailFailed, hand_over
from centers.mail.way import way
from config.email_url import read
from tests.centers.mail.servers import use
from tests.centers.notifications.channels.services import listening, running

P = Problem
TO = "amal@center.example"
KEY = "canary+key/42"
_QUOTED = "canary+key%2F42"
#: Options of each provider, and how it says that it took a mail: status, headers, body, and what it calls the mail.
API: dict[str, tuple[str, int, dict[str, str], object, str]] = {
    "amazon-ses": (
        f"region_name=eu-west-1&aws_access_key_id=AK&aws_secret_access_key={_QUOTED}&endpoint_url=",
        200, {"Content-Type": "application/json"}, {"MessageId": "ses-1"}, "ses-1",
    ),
    "brevo": (f"api_key={_QUOTED}&api_url=", 201, {}, {"messageId": "<br-1@mailin.example>"}, "<br-1@mailin.example>"),
    "mailersend": (
        f"api_token={_QUOTED}&api_url=", 202, {"X-Message-Id": "ms-1", "Content-Type": "text/html"}, "", "ms-1",
    ),
    "mailgun": (
        f"api_key={_QUOTED}&sender_domain=mg.example&api_url=",
        200, {}, {"id": "<mg-1@mg.example>", "message": "Queued. Thank you."}, "<mg-1@mg.example>",
    ),
    "mailjet": (
        f"api_key=AK&secret_key={_QUOTED}&api_url=",
        200, {},
        {"Messages": [{"Status": "success", "To": [{"Email": TO, "MessageUUID": "u", "MessageID": 17}]}]},
        "17",
    ),
    "mailtrap": (f"api_token={_QUOTED}&api_url=", 200, {}, {"success": True, "message_ids": ["mt-1"]}, "mt-1"),
    "postmark": (
        f"server_token={_QUOTED}&api_url=",
        200, {}, {"ErrorCode": 0, "Message": "OK", "MessageID": "pm-1", "To": TO}, "pm-1",
    ),
    "sparkpost": (
        f"api_key={_QUOTED}&api_url=",
        200, {}, {"results": {"total_rejected_recipients": 0, "total_accepted_recipients": 1, "id": "sp-1"}}, "sp-1",
    ),
}  # fmt: skip


def mail() -> EmailMessage:
    made = EmailMessage(
        "Subject", "Text", "Noor <no-reply@noor.example>", [TO], headers={"Auto-Submitted": "auto-generated"}
    )
    made.metadata = {"key": "7:alert:1"}  # type: ignore[attr-defined]
    return made


def why() -> Diagnosis:
    with pytest.raises(MailFailed) as caught:
        hand_over(mail())
    assert KEY not in caught.value.diagnosis.english + caught.value.diagnosis.answer
    return caught.value.diagnosis


def postmark(settings: Any, url: str, *, timeout: int = 10) -> None:
    use(settings, f"postmark:?server_token={_QUOTED}&timeout={timeout}&api_url={url}/")


def test_every_provider_is_tried() -> None:
    assert set(API) == set(PROVIDERS)


@pytest.mark.parametrize("name", API)
def test_a_mail_leaves_by_its_api_and_its_name_there_is_known(settings: Any, name: str) -> None:
    options, status, headers, body, expected = API[name]
    with running() as service:
        service.answers(status, headers, json.dumps(body).encode() if body else b"")
        use(settings, f"{name}:?{options}{service.url}/")
        assert hand_over(mail()) == expected
    (received,) = service.received
    assert received.method == "POST"
    assert TO in received.body.decode().replace("%40", "@")
    label = PROVIDERS[name].label
    assert ("Sent by", f"{label} (API)") in way().facts
    assert KEY not in str(way())


@pytest.mark.parametrize(
    ("status", "body", "problem", "permanent"),
    [
        (401, {"ErrorCode": 10, "Message": "The Server Token you provided is wrong."}, P.KEY, False),
        (422, {"ErrorCode": 400, "Message": "The 'From' address is no Sender Signature."}, P.SENDER, False),
        (422, {"ErrorCode": 300, "Message": "Invalid 'To' address: 'amal@center.example'."}, P.RECIPIENT, True),
        (422, {"ErrorCode": 402, "Message": "Invalid JSON"}, P.MESSAGE, True),
        (429, {"ErrorCode": 429, "Message": "Rate limit exceeded"}, P.LIMITED, False),
        (500, {"Message": "Internal Server Error"}, P.BUSY, False),
        (
            422,
            {"ErrorCode": 406, "Message": "You tried to send to a recipient that has been marked as inactive.\n"
             "Found inactive addresses: amal@center.example.\nInactive recipients are ones that have bounced."},
            P.RECIPIENT,
            True,
        ),
    ],
)  # fmt: skip
def test_what_a_provider_refuses_is_understood(
    settings: Any, status: int, body: dict[str, Any], problem: Problem, permanent: bool
) -> None:
    with running() as service:
        service.answers(status, {"Retry-After": "120"}, json.dumps(body).encode())
        postmark(settings, service.url)
        found = why()
    assert (found.problem, found.permanent, found.unsure) == (problem, permanent, False)
    if problem is P.LIMITED:
        assert found.retry_after == 120


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("MessageRejected", P.SENDER),
        ("TooManyRequestsException", P.LIMITED),
        ("SendingPausedException", P.KEY),
        ("InvalidSignatureException", P.KEY),
        ("NotFoundException", P.SETTINGS),
        ("BadRequestException", P.SENDER),
    ],
)
def test_what_amazon_refuses_is_understood(settings: Any, code: str, problem: Problem) -> None:
    with running() as service:
        said = b'{"message": "Email address is not verified."}'
        service.answers(400, {"x-amzn-errortype": code, "Content-Type": "application/json"}, said)
        use(settings, f"amazon-ses:?{API['amazon-ses'][0]}{service.url}/")
        assert why().problem is problem
    assert len(service.received) == 1, "it isn't tried again without us"


def test_an_api_that_is_not_there_is_tried_again_later(settings: Any) -> None:
    with listening() as gone:
        url = gone.url
    postmark(settings, url)
    found = why()
    assert (found.problem, found.unsure, found.permanent) == (P.UNREACHABLE, False, False)
    postmark(settings, "http://api.markaz.invalid")
    assert (why().problem, why().error) == (P.UNREACHABLE, "gaierror")
    use(settings, f"amazon-ses:?{API['amazon-ses'][0]}{url}/")
    assert (why().problem, why().unsure) == (P.UNREACHABLE, False)


def test_an_api_that_breaks_off_may_have_taken_it(settings: Any) -> None:
    def hang_up(connection: Any) -> None:
        connection.recv(65536)

    with listening(hang_up) as raw:
        postmark(settings, raw.url)
        assert (why().problem, why().unsure) == (P.LOST, True)

    def wait(connection: Any) -> None:
        while connection.recv(65536):
            pass

    with listening(wait) as raw:
        postmark(settings, raw.url, timeout=1)
        assert (why().problem, why().unsure) == (P.LOST, True)
    with running() as service:
        service.answers(200, {}, b"<html>taken</html>")
        postmark(settings, service.url)
        assert (why().problem, why().unsure) == (P.LOST, True)


@pytest.mark.parametrize("url", ["postmark:?tokn=x", "amazon-ses:?region_name=eu-west-1", "mailgun:"])
def test_settings_that_lack_something_are_named(
    settings: Any, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    use(settings, url)
    assert why().problem is P.SETTINGS


@pytest.mark.parametrize(
    ("url", "port", "tls", "ssl"),
    [
        ("submission://n:p%40w@mail.example", 587, True, False),
        ("smtps://n:p%40w@mail.example", 465, False, True),
        ("smtps://n:p%40w@mail.example:8465", 8465, False, True),
        ("smtp://n:p%40w@mail.example", 25, False, False),
    ],
)
def test_a_mail_server_is_read_from_its_address(url: str, port: int, tls: bool, ssl: bool) -> None:
    found = read(url, webhook_secret="")
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"], found["EMAIL_PROVIDER"]) == ("mail.example", port, "")
    assert (found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"], found["EMAIL_HOST_PASSWORD"]) == (tls, ssl, "p@w")


@pytest.mark.parametrize(
    "url", ["smtp://u:can#ary@mail.example:25", "smtp://u:can/ary@mail:25", "pigeon://canary"]
)
def test_an_address_that_cannot_be_read_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        read(url, webhook_secret="")
    assert "canary" not in str(caught.value)
    assert "ary" not in str(caught.value).replace("necessary", "")
