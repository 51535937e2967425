"""What a mail server means with its answers: servers refuse a sender, or us, at any step of the conversation."""

import re
import smtplib

from centers.mail.problems import PERMANENT, Diagnosis, Problem

P = Problem
#: At which step an answer came.
_STEPS: dict[type[smtplib.SMTPException], Problem] = {
    smtplib.SMTPConnectError: P.NOT_SERVED,
    smtplib.SMTPHeloError: P.NOT_SERVED,
    smtplib.SMTPAuthenticationError: P.SIGN_IN,
    smtplib.SMTPSenderRefused: P.SENDER,
    smtplib.SMTPDataError: P.MESSAGE,
}
#: By the first word of smtplib's own errors about what a server doesn't offer.
_NOT_OFFERED = {"STARTTLS": P.NO_STARTTLS, "SMTP": P.NO_SIGN_IN, "SMTPUTF8": P.WRITING}

# Codes alone don't tell: most servers name the reason in words, and many with the codes of RFC 3463.
_MUST_SIGN_IN = re.compile(
    r"authentication required|must authenticate|auth(?:entication)? first|log ?in first", re.I
)
_NO_MAILBOX = re.compile(
    r"\b5\.1\.(?:1|2|3|6|10)\b|\b5\.2\.1\b|no such (?:user|recipient|mailbox|address|domain)|"
    r"(?:user|recipient|mailbox|address)(?: \S+)? (?:unknown|not found|(?:is )?disabled)|unknown (?:user|recipient)|"
    r"does ?n[o']t exist|invalid recipient",
    re.I,
)
_FULL = re.compile(r"\b[45]\.2\.2\b|over quota|mailbox (?:is )?full", re.I)
_BLOCKED = re.compile(r"client host|blocked using|block ?list|black ?list|spamhaus|reputation", re.I)
_RELAY = re.compile(r"\brelay", re.I)
_SENDER = re.compile(r"\b5\.1\.[78]\b|\bsender\b|not owned by|from address|\bmail from\b", re.I)
_LIMITED = re.compile(
    r"\b[45]\.7\.28\b|\b[45]\.4\.5\b|too (?:many|much|fast)|\brate\b|throttl|sending (?:limit|quota)|"
    r"\b(?:daily|hourly)\b",
    re.I,
)
_TOO_LARGE = re.compile(r"\b5\.3\.4\b|\b5\.2\.3\b|\bsize\b|too (?:large|big)", re.I)
#: In this order, for a refusal (5xx) of a sender, a recipient or a message.
_REASONS = (
    (_MUST_SIGN_IN, P.MUST_SIGN_IN),
    (_NO_MAILBOX, P.RECIPIENT),
    (_FULL, P.RECIPIENT),
    (_BLOCKED, P.NOT_SERVED),
    (_RELAY, P.RELAY),
    (_LIMITED, P.LIMITED),
    (_TOO_LARGE, P.TOO_LARGE),
    (_SENDER, P.SENDER),
)


def of_smtp(error: smtplib.SMTPException, handed_over: bool) -> Diagnosis:
    """What is wrong, by an error of smtplib."""
    name = type(error).__name__
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return Diagnosis(P.LOST if handed_over else P.SILENT, error=name, unsure=handed_over)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()), (550, b""))
        return _judged(code, text, P.RECIPIENT)
    if isinstance(error, smtplib.SMTPResponseException):
        return _judged(error.smtp_code, error.smtp_error, _STEPS.get(type(error), P.NOT_SERVED))
    problem = _NOT_OFFERED.get(str(error).partition(" ")[0], P.NO_SIGN_IN)
    return Diagnosis(problem, answer=str(error)[:300], error=name, permanent=problem in PERMANENT)


def _judged(code: int, said: bytes | str, step: Problem) -> Diagnosis:
    """What an answer to this step means that is no “yes”."""
    text = " ".join((said.decode(errors="replace") if isinstance(said, bytes) else said).split())
    problem = _reason(code, text, step)
    refused = code >= 500
    return Diagnosis(
        problem,
        answer=f"{code} {text}"[:300],
        permanent=refused and problem in PERMANENT,
        dead=refused and problem is P.RECIPIENT and bool(_NO_MAILBOX.search(text)),
    )


def _reason(code: int, text: str, step: Problem) -> Problem:
    if code == 530:
        return P.MUST_ENCRYPT if "STARTTLS" in text.upper() else P.MUST_SIGN_IN
    if code < 500:
        return P.LIMITED if _LIMITED.search(text) and "list" not in text.lower() else P.BUSY
    if step in (P.SENDER, P.RECIPIENT, P.MESSAGE):
        return next((problem for pattern, problem in _REASONS if pattern.search(text)), step)
    return P.LIMITED if _LIMITED.search(text) else step
