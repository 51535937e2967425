"""allauth's forms with fields that read what people type and paste as all our forms do (centers/values/text.py).

Settings name them: ACCOUNT_FORMS and MFA_FORMS. Passwords stay as they are typed.
"""

from typing import Any

from allauth.account.fields import EmailField
from allauth.account.forms import LoginForm, ResetPasswordForm
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django.utils.translation import gettext_lazy as _

from centers.values.fields import CodeField, LineField
from centers.values.text import one_line, typed_code

_LONGEST_NAME, _LONGEST_CODE = 100, 40  # characters


class _Address(EmailField):  # type: ignore[misc]
    """The library's field for addresses, without the unseen marks that a paste brings along."""

    def to_python(self, value: Any) -> Any:
        return super().to_python(one_line(typed_code(value)) if isinstance(value, str) else value)


def _code(form: type) -> CodeField:
    """The form's own field for a code, for digits of any script."""
    own = form.base_fields["code"]  # type: ignore[attr-defined]
    return CodeField(label=own.label, widget=own.widget, max_length=_LONGEST_CODE)


class SignInForm(LoginForm):  # type: ignore[misc]
    """Address and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = _Address()


class PasswordLostForm(ResetPasswordForm):  # type: ignore[misc]
    """The address that a reset link is mailed to."""

    email = _Address(required=True)


class FactorForm(AuthenticateForm):  # type: ignore[misc]
    """The code of a second factor, at sign-in."""

    code = _code(AuthenticateForm)


class FactorAgainForm(ReauthenticateForm):  # type: ignore[misc]
    """The code of a second factor, before something that needs it once more."""

    code = _code(ReauthenticateForm)


class AuthenticatorForm(ActivateTOTPForm):  # type: ignore[misc]
    """The first code of an authenticator app."""

    code = _code(ActivateTOTPForm)


class NewKeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A new security key and its name."""

    name = LineField(label=_("Name"), required=False, max_length=_LONGEST_NAME)


class KeyNameForm(EditWebAuthnForm):  # type: ignore[misc]
    """Another name for a security key."""

    name = LineField(label=_("Name"), required=True, max_length=_LONGEST_NAME)
