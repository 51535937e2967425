"""How people sign in: by invitation only, and never through an open sign-up."""

from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from centers.language_cookie import remember_language
from centers.mail.looks import OF_PRODUCT, dress
from centers.models import User
from centers.secrets import seal, unseal
from centers.tenancy.sign_in_log import too_many_tries
from centers.values.page_urls import page_url

log = structlog.get_logger(__name__)
#: The people of a demo: their password is public, so they cannot sign in outside a demo.
DEMO_PEOPLE = "@demo.example"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Closes allauth's own sign-up; people come in through invitations and `create_reseller`."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "too_many_login_attempts": gettext_lazy("Too many failed attempts. Wait five minutes and try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuses a try over the limits of ACCOUNT_RATE_LIMITS, and the people of a demo outside a demo."""
        email = str(credentials.get("email") or "").strip().casefold()
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            too_many_tries(email)
            raise
        if email.endswith(DEMO_PEOPLE) and not settings.DEMO:
            log.warning("demo_login_refused")
            raise self.validation_error("email_password_mismatch")

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """A new device gets the language the person chose before; a choice already made there wins."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        if user.language and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            remember_language(response, user.language)
        return response

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMultiAlternatives:
        """With the HTML of all our mails; a link in it is always the one to a new password."""
        mail: EmailMultiAlternatives = super().render_mail(template_prefix, email, context, headers)
        dress(mail, OF_PRODUCT, button=_("Choose a new password"))
        return mail

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Under our own address: the host named in a request cannot be trusted in a link."""
        return page_url("account_reset_password_from_key", *key.split("-", 1))

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Notifies a person that their password or factors changed. An unavailable mail server undoes no change."""
        ways = {"reset_url": page_url("account_reset_password")}
        try:
            super().send_notification_mail(template_prefix, user, ways | (context or {}), email)
        except (OSError, ValueError) as error:  # smtplib's errors are OSErrors, a header's are ValueErrors
            log.warning("notification_mail_failed", user_id=user.pk, error=type(error).__name__)


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Keeps the secrets of second factors encrypted, as every other secret."""

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text, name="A second factor")
