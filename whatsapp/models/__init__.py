"""The numbers of the centers: what they are, what was seen of them, what was asked of them."""

from whatsapp.models.account import MazbotAccount
from whatsapp.models.importing import ImportBatch
from whatsapp.models.incident import Incident
from whatsapp.models.instance import OFF, STATES, Connection, Instance, Service, StatusChange, WantReason
from whatsapp.models.pairing import PairingAttempt, PairingLink
from whatsapp.models.webhook import WebhookEvent

__all__ = [
    "OFF",
    "STATES",
    "Connection",
    "ImportBatch",
    "Incident",
    "Instance",
    "MazbotAccount",
    "PairingAttempt",
    "PairingLink",
    "Service",
    "StatusChange",
    "WantReason",
    "WebhookEvent",
]
