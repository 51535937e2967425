"""What is wrong with mail, found with servers that really fail: the name, the port, TLS, the sign-in, each answer."""

import errno
import smtplib
import socket
import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.utils import translation

from centers.mail.diagnosis import diagnose
from centers.mail.problems import SENTENCES, Diagnosis, Problem
from centers.mail.sending import MailFailed, hand_over, sign_in
from centers.stored_messages import StoredMessageField
from tests.centers.mail.servers import (
    NAME,
    PASSWORD,
    Authority,
    only_with_password,
    saying,
    server,
    silent,
    use,
    use_port,
)
from tests.centers.notifications.channels.services import listening

P = Problem


def mail() -> EmailMessage:
    return EmailMessage("Subject", "Text", None, ["amal@center.example"])


def why() -> Diagnosis:
    """What is wrong with a mail that is sent now."""
    with pytest.raises(MailFailed) as caught:
        hand_over(mail())
    return caught.value.diagnosis


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """One that this process trusts."""
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


class TestTheWayToTheServer:
    def test_a_name_that_does_not_exist(self, settings: Any) -> None:
        use(settings, "smtp://mail.markaz.invalid:25")
        found = why()
        assert (found.problem, found.permanent, found.unsure) == (P.NAME, False, False)
        assert str(found.text) == "The name of the mail server, mail.markaz.invalid, wasn't found (DNS)."

    def test_a_name_that_can_be_none(self, settings: Any) -> None:
        use(settings, "smtp://mail..example:25")
        assert why().problem is P.NAME

    def test_a_port_at_which_no_one_listens(self, settings: Any) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        use_port(settings, port)
        found = why()
        assert found.problem is P.CLOSED
        assert str(found.text) == f"127.0.0.1 refused the connection on port {port}."

    def test_a_server_that_says_nothing(self, settings: Any) -> None:
        with listening(silent) as raw:
            use_port(settings, raw.port)
            settings.EMAIL_TIMEOUT = 0.2
            assert (why().problem, why().unsure) == (P.SILENT, False)

    def test_a_network_without_a_way(self) -> None:
        assert diagnose(OSError(errno.ENETUNREACH, "Network is unreachable")).problem is P.NO_ROUTE

    @pytest.mark.parametrize(
        ("greeting", "problem"),
        [
            ("554 5.7.1 No SMTP service here", P.NOT_SERVED),
            ("421 4.3.2 Service shutting down", P.BUSY),
            ("421 4.7.0 Too many connections from your IP", P.LIMITED),
        ],
    )
    def test_a_server_that_does_not_serve_us(self, settings: Any, greeting: str, problem: Problem) -> None:
        with listening(saying(greeting)) as raw:
            use_port(settings, raw.port)
            found = why()
        assert (found.problem, found.answer, found.permanent) == (problem, greeting, False)


class TestEncryption:
    def test_a_certificate_that_no_one_vouches_for(self, settings: Any, tmp_path: Path) -> None:
        with server(tls_context=Authority(tmp_path).context("127.0.0.1")) as (_inbox, port):
            use_port(settings, port, "submission")
            assert why().problem is P.UNTRUSTED

    def test_a_certificate_that_has_expired(self, settings: Any, authority: Authority) -> None:
        context = authority.context("127.0.0.1", ends_in=timedelta(days=-1))
        with server(tls_context=context) as (_inbox, port):
            use_port(settings, port, "submission")
            assert why().problem is P.EXPIRED

    def test_a_certificate_for_another_name(self, settings: Any, authority: Authority) -> None:
        with server(tls_context=authority.context("127.0.0.9")) as (_inbox, port):
            use_port(settings, port, "submission")
            assert why().problem is P.OTHER_NAME

    def test_a_server_without_starttls(self, settings: Any) -> None:
        with server() as (_inbox, port):
            use_port(settings, port, "submission")
            assert why().problem is P.NO_STARTTLS

    def test_a_port_that_does_not_begin_with_tls(self, settings: Any) -> None:
        with server() as (_inbox, port):
            use_port(settings, port, "smtps")
            assert why().problem is P.NO_TLS

    def test_a_server_with_no_common_encryption(self, settings: Any) -> None:
        with server(tls_context=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)) as (_inbox, port):
            use_port(settings, port, "submission")
            assert why().problem is P.TLS

    def test_a_server_that_wants_encryption(self, settings: Any, authority: Authority) -> None:
        with server(tls_context=authority.context("127.0.0.1"), require_starttls=True) as (_inbox, port):
            use_port(settings, port)
            assert why().problem is P.MUST_ENCRYPT

    @pytest.mark.parametrize("scheme", ["submission", "smtps"])
    def test_both_kinds_of_encryption_work(self, settings: Any, authority: Authority, scheme: str) -> None:
        kind = "ssl_context" if scheme == "smtps" else "tls_context"
        with server(**{kind: authority.context("127.0.0.1")}) as (inbox, port):
            use_port(settings, port, scheme)
            assert hand_over(mail()) == ""
            assert [one["Subject"] for one in inbox.mails] == ["Subject"]


class TestTheSignIn:
    HOW: dict[str, Any] = {"authenticator": only_with_password, "auth_require_tls": False}

    def test_the_right_password_is_taken(self, settings: Any) -> None:
        with server(**self.HOW, auth_required=True) as (inbox, port):
            use_port(settings, port, who=(NAME, PASSWORD))
            hand_over(mail())
            sign_in(timeout=5)
            assert len(inbox.mails) == 1

    def test_a_wrong_one_is_refused(self, settings: Any) -> None:
        with server(**self.HOW) as (_inbox, port):
            use_port(settings, port, who=(NAME, "wrong"))
            found = why()
            assert (found.problem, found.answer[:3], found.permanent) == (P.SIGN_IN, "535", False)
            assert "wrong" not in found.english
            with pytest.raises(MailFailed) as caught:
                sign_in(timeout=5)
            assert caught.value.diagnosis == found

    def test_none_where_one_is_needed(self, settings: Any) -> None:
        with server(**self.HOW, auth_required=True) as (_inbox, port):
            use_port(settings, port)
            assert why().problem is P.MUST_SIGN_IN

    def test_one_where_none_is_offered(self, settings: Any) -> None:
        with server() as (_inbox, port):
            use_port(settings, port, who=(NAME, PASSWORD))
            assert why().problem is P.NO_SIGN_IN


#: Whether no retry helps the mail, and whether its mailbox is gone.
NEITHER, PERMANENT, DEAD = (False, False), (True, False), (True, True)
#: What servers say, where, and what it means.
ANSWERS = [
    (
        "MAIL",
        "553 5.7.1 <us@x.example>: Sender address rejected: not owned by user markaz",
        P.SENDER,
        NEITHER,
    ),
    ("MAIL", "550 5.7.60 Client does not have permissions to send as this sender", P.SENDER, NEITHER),
    ("MAIL", "550 Authentication required", P.MUST_SIGN_IN, NEITHER),
    ("MAIL", "552 5.3.4 Message size exceeds fixed limit", P.TOO_LARGE, PERMANENT),
    ("MAIL", "450 4.7.1 Error: too much mail from 192.0.2.1", P.LIMITED, NEITHER),
    ("MAIL", "451 4.3.0 Temporary lookup failure", P.BUSY, NEITHER),
    # Postfix answers about the sender, and about us, only after it knows the recipient.
    (
        "RCPT",
        "553 5.7.1 <us@x.example>: Sender address rejected: not owned by user markaz",
        P.SENDER,
        NEITHER,
    ),
    ("RCPT", "550 5.1.8 <us@x.example>: Sender address rejected: Domain not found", P.SENDER, NEITHER),
    ("RCPT", "554 5.7.1 <amal@center.example>: Relay access denied", P.RELAY, NEITHER),
    ("RCPT", "550 relay not permitted", P.RELAY, NEITHER),
    (
        "RCPT",
        "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.example",
        P.NOT_SERVED,
        NEITHER,
    ),
    ("RCPT", "550 5.1.1 <amal@center.example>: Recipient address rejected: User unknown", P.RECIPIENT, DEAD),
    ("RCPT", "550 5.1.1 The email account that you tried to reach does not exist.", P.RECIPIENT, DEAD),
    ("RCPT", "550 No such user here", P.RECIPIENT, DEAD),
    ("RCPT", "550 5.2.1 The mailbox is disabled", P.RECIPIENT, DEAD),
    ("RCPT", "552 5.2.2 Mailbox is full", P.RECIPIENT, PERMANENT),
    ("RCPT", "550 5.7.1 Not accepted here", P.RECIPIENT, PERMANENT),
    ("RCPT", "452 4.2.2 The recipient is over quota", P.BUSY, NEITHER),
    ("RCPT", "450 4.2.0 <amal@center.example>: Recipient address rejected: Greylisted", P.BUSY, NEITHER),
    ("RCPT", "550 5.4.5 Daily sending quota exceeded", P.LIMITED, NEITHER),
    ("DATA", "554 5.7.1 Message rejected as spam by content filtering", P.MESSAGE, PERMANENT),
    ("DATA", "552 Message is too large", P.TOO_LARGE, PERMANENT),
    ("DATA", "550 5.7.26 Unauthenticated email from x.example is not accepted (DMARC)", P.MESSAGE, PERMANENT),
    ("DATA", "421 4.7.28 Unusual rate of unsolicited mail from your IP", P.LIMITED, NEITHER),
    ("DATA", "452 4.3.1 Insufficient system storage", P.BUSY, NEITHER),
]


@pytest.mark.parametrize(("step", "answer", "problem", "ends"), ANSWERS)
def test_what_a_server_says_is_understood(
    settings: Any, step: str, answer: str, problem: Problem, ends: tuple[bool, bool]
) -> None:
    with server() as (inbox, port):
        use_port(settings, port)
        inbox.refuse = {step: answer}
        found = why()
    assert (found.problem, found.answer, found.unsure) == (problem, answer, False)
    assert (found.permanent, found.dead) == ends


def test_a_server_that_goes_away_while_it_takes_the_mail_may_have_it(settings: Any) -> None:
    with listening(saying("220 hello", "250 hello", "250 sender", "250 recipient", "354 go ahead")) as raw:
        use_port(settings, raw.port)
        found = why()
    assert (found.problem, found.unsure, found.permanent) == (P.LOST, True, False)


def test_a_backend_that_chokes_on_a_mail(settings: Any) -> None:
    settings.EMAIL_BACKEND = "tests.centers.test_mailing.Breaking"
    found = why()
    assert (found.problem, found.permanent) == (P.WRITING, True)


def test_an_error_that_no_one_knows_is_named(settings: Any) -> None:
    found = diagnose(RuntimeError("boom"), handed_over=True)
    assert (found.problem, found.unsure) == (P.UNKNOWN, True)
    assert "RuntimeError" in str(found.text)
    assert diagnose(smtplib.SMTPException("No suitable authentication method found.")).problem is P.NO_SIGN_IN


def test_every_problem_says_what_to_do_in_every_language() -> None:
    assert set(SENTENCES) == set(Problem)
    for problem in Problem:
        found = Diagnosis(problem, error="SomeError")
        english = found.english
        assert "%(" not in english
        with translation.override("ar"):
            stored = StoredMessageField().get_prep_value(Diagnosis(problem, error="SomeError").sentences)
            arabic = str(StoredMessageField().from_db_value(stored))
        assert english != arabic, problem
        assert str(found.sentences) == english
