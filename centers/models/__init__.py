"""Who uses the product and for whom: people, resellers, centers, memberships, notifications, and the audit log."""

from centers.models.accounts import AddressCode, FactorReset
from centers.models.audit import AuditEntry
from centers.models.jobs import JobRun
from centers.models.message_texts import MessageText
from centers.models.notifications import (
    Destination,
    Notification,
    NotificationPreference,
    NotificationTry,
)
from centers.models.people import User
from centers.models.tenancy import Center, Invitation, Membership, Reseller, Role

__all__ = [
    "AddressCode",
    "AuditEntry",
    "Center",
    "Destination",
    "FactorReset",
    "Invitation",
    "JobRun",
    "Membership",
    "MessageText",
    "Notification",
    "NotificationPreference",
    "NotificationTry",
    "Reseller",
    "Role",
    "User",
]
