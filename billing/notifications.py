"""Messages about alerts of money, for the people who look after it."""

from django.utils.translation import gettext_lazy as _

from centers.models import Role
from centers.notifications.registry import Group
from whatsapp.models import Alert
from whatsapp.notifications import texts
from whatsapp.notifications.kinds import open_count, register_alerts

MONEY = Group(
    name="money",
    label=_("Money"),
    text=_("Suspensions need a decision, the quota is running out, or usage or prices need a check."),
    order=30,
    roles=(Role.OWNER, Role.BILLING),
    overview=texts.overview,
    open_count=open_count,
)


def connect() -> None:
    """Register the group and its kinds."""
    register_alerts(MONEY, sorted(Alert.OF_MONEY), urgent=[Alert.Kind.SUSPENSIONS_HELD])
