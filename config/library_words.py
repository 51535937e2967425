"""Sentences of Django that people here can meet and that its own Arabic catalog lacks.

Nothing imports this file: it only brings the sentences into our catalog, where Django finds them.
"""

from django.utils.translation import ngettext_lazy

_PASSWORD_TOO_SHORT = ngettext_lazy(
    "This password is too short. It must contain at least %d character.",
    "This password is too short. It must contain at least %d characters.",
)
