"""The numbers of the centers: their settings, observed connection and requested service."""

from whatsapp.models.account import MazbotAccount
from whatsapp.models.alert import Alert, AlertEvent
from whatsapp.models.assignment import InstanceAssignment
from whatsapp.models.history import NumberDay, StatusInterval
from whatsapp.models.import_batch import ImportBatch
from whatsapp.models.instance import (
    OF_USAGE,
    OFF,
    STATES,
    Condition,
    Connection,
    DesiredReason,
    Instance,
    NumberState,
    Service,
)
from whatsapp.models.maintenance import MaintenanceWindow
from whatsapp.models.pairing import PairingAttempt, PairingLink
from whatsapp.models.template import TemplateSetting
from whatsapp.models.webhook import WebhookEvent

__all__ = [
    "OFF",
    "OF_USAGE",
    "STATES",
    "Alert",
    "AlertEvent",
    "Condition",
    "Connection",
    "DesiredReason",
    "ImportBatch",
    "Instance",
    "InstanceAssignment",
    "MaintenanceWindow",
    "MazbotAccount",
    "NumberDay",
    "NumberState",
    "PairingAttempt",
    "PairingLink",
    "Service",
    "StatusInterval",
    "TemplateSetting",
    "WebhookEvent",
]
