"""The people of the demo install: `manage.py demo` makes them, the supervisor shows them."""

from dataclasses import dataclass

#: What `manage.py demo` prints once these people can sign in; the supervisor waits for it.
SIGN_IN_NOW = "you can sign in now"
PASSWORD = "markaz-demo"  # noqa: S105  # public by design: it opens only an install filled by `demo`


@dataclass(frozen=True)
class Account:
    """One demo login."""

    email: str
    role: str


OWNER = Account("owner@demo.example", "reseller owner")
BILLING = Account("billing@demo.example", "billing")
SUPPORT = Account("support@demo.example", "support")
CENTER = Account("center@demo.example", "center admin")
ACCOUNTS = (OWNER, BILLING, SUPPORT, CENTER)
