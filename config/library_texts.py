"""Texts of Django and allauth that appear in our pages and that their own Arabic catalogs lack.

Nothing imports this file: it only brings the texts into our catalog, where Django finds them.
"""

from django.utils.translation import gettext_lazy, ngettext_lazy

_PASSWORD_TOO_SHORT = ngettext_lazy(
    "This password is too short. It must contain at least %d character.",
    "This password is too short. It must contain at least %d characters.",
)
# allauth's security keys.
_KEY_NAME, _KEY_UNUSED = gettext_lazy("Name"), gettext_lazy("Not used.")
