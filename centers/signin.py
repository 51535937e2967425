"""How people sign in: by invitation only, and never through an open sign-up."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Closes allauth's own sign-up; people come in through invitations and `create_reseller`."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
