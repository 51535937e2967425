"""Who uses the product and for whom: people, resellers, centers, memberships, and the audit log."""

from centers.models.accounts import AddressCode, FactorReset
from centers.models.audit import AuditEntry
from centers.models.jobs import JobRun
from centers.models.people import User
from centers.models.tenancy import Center, Invitation, Membership, Reseller, Role

__all__ = [
    "AddressCode",
    "AuditEntry",
    "Center",
    "FactorReset",
    "Invitation",
    "JobRun",
    "Membership",
    "Reseller",
    "Role",
    "User",
]
