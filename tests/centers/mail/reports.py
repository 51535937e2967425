"""What providers report about a mail, in the form in which each sends it."""

import hashlib
import hmac
import json
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

SECRET = "canary-of-the-webhook"
SIGNING_KEY = "canary-of-the-signature"
TO = "amal@center.example"


@dataclass(frozen=True)
class Report:
    """A request of a provider: its body, and the headers that prove where it comes from."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def password(secret: str = SECRET, user: str = "markaz") -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'{user}:{secret}'.encode()).decode()}"}


def postmark(kind: str, mail: str, key: str = "", to: str = TO) -> Report:
    """`kind` is Postmark's own: HardBounce, SoftBounce, SpamComplaint, Delivery, ..."""
    record = {"SpamComplaint": "SpamComplaint", "Delivery": "Delivery", "Open": "Open"}.get(kind, "Bounce")
    event: dict[str, Any] = {
        "RecordType": record,
        "Type": kind,
        "ID": 42,
        "MessageID": mail,
        "Email": to,
        "Details": "smtp;550 5.1.1 The email account that you tried to reach does not exist.",
        "Metadata": {"key": key} if key else {},
    }
    return Report(json.dumps(event).encode(), password())


def mailgun(kind: str, mail: str, signing_key: str = SIGNING_KEY) -> Report:
    """`kind`: permanent, temporary, complained, delivered. Signed, as Mailgun does it."""
    failed = kind in ("permanent", "temporary")
    data = {
        "event": "failed" if failed else kind,
        "severity": kind if failed else None,
        "timestamp": 4102444800.0,
        "message": {"headers": {"message-id": mail.strip("<>")}},
        "recipient": TO,
        "delivery-status": {"message": "550 5.1.1 No such user", "description": ""},
    }
    signed = hmac.new(signing_key.encode(), b"1790000000token", hashlib.sha256).hexdigest()
    signature = {"timestamp": "1790000000", "token": "token", "signature": signed}
    return Report(json.dumps({"signature": signature, "event-data": data}).encode())


def amazon(kind: str, mail: str) -> Report:
    """`kind`: Permanent, Transient, Complaint."""
    event: dict[str, Any] = {"mail": {"messageId": mail, "destination": [TO], "headers": []}}
    if kind == "Complaint":
        event |= {"eventType": kind, "complaint": {"complainedRecipients": [{"emailAddress": TO}]}}
    else:
        gone = [{"emailAddress": TO, "diagnosticCode": "smtp; 550 5.1.1 user unknown"}]
        bounce = {"bounceType": kind, "bounceSubType": "General", "bouncedRecipients": gone}
        event |= {"eventType": "Bounce", "bounce": bounce}
    notice = {"Type": "Notification", "MessageId": "sns-1", "Message": json.dumps(event)}
    names = {"X-Amz-Sns-Message-Type": "Notification", "X-Amz-Sns-Message-Id": "sns-1"}
    return Report(json.dumps(notice).encode(), names | password())


def brevo(kind: str, mail: str) -> Report:
    """`kind`: hard_bounce, soft_bounce, spam, invalid_email, blocked, delivered."""
    event = {
        "event": kind,
        "email": TO,
        "message-id": mail,
        "ts_epoch": 4102444800000,
        "reason": "550 unknown",
    }
    return Report(json.dumps(event).encode(), password())


def sparkpost(kind: str, mail: str) -> Report:
    """`kind` is a bounce class, or spam_complaint."""
    complaint = kind == "spam_complaint"
    event = {"type": "spam_complaint" if complaint else "bounce", "transmission_id": mail, "raw_rcpt_to": TO}
    if not complaint:
        event |= {"bounce_class": kind, "raw_reason": "550 unknown"}
    wrapped = [{"msys": {"message_event": event}}]
    return Report(json.dumps(wrapped).encode(), password())


def mailjet(kind: str, mail: str) -> Report:
    """`kind`: hard, soft, spam."""
    event: dict[str, Any] = {
        "event": "spam" if kind == "spam" else "bounce",
        "email": TO,
        "MessageID": int(mail),
    }
    if kind != "spam":
        event |= {"hard_bounce": kind == "hard", "error": "user unknown"}
    return Report(json.dumps([event]).encode(), password())


def mailersend(kind: str, mail: str) -> Report:
    """`kind`: hard_bounced, soft_bounced, spam_complaint. Signed."""
    email = {"message": {"id": mail}, "recipient": {"email": TO}}
    body = json.dumps({"type": f"activity.{kind}", "data": {"type": kind, "email": email}}).encode()
    return Report(body, {"Signature": hmac.new(SIGNING_KEY.encode(), body, hashlib.sha256).hexdigest()})


def mailtrap(kind: str, mail: str) -> Report:
    """`kind`: bounce, soft bounce, spam, delivery."""
    event = {"event": kind, "message_id": mail, "email": TO, "event_id": "1", "timestamp": 4102444800}
    event["response"] = "550 unknown"
    return Report(json.dumps({"events": [event]}).encode(), password())
