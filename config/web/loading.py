"""Loading the pages once, in the process from which those that serve them are forked: they share its memory."""

import gc
import importlib
import os

#: Not config.asgi: it divides the connections of one process as it is imported.
_MODULES = (
    "config.wsgi",
    "config.urls",
    "config.live.server",
    "config.web.guard",
    "config.web.request_bodies",
    "a2wsgi",
)


def load() -> None:
    """Set Django up and import what the pages need; nothing of it connects or starts a thread."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    gc.disable()  # of what is loaded nothing becomes garbage
    for name in _MODULES:
        importlib.import_module(name)
    _catalogs()
    freeze()


def _catalogs() -> None:
    from django.conf import settings
    from django.utils.translation import trans_real

    for language, _label in settings.LANGUAGES:
        trans_real.translation(language)


def freeze() -> None:
    """Keep later collections away from what is loaded: they would copy its pages into every fork."""
    gc.collect()
    gc.freeze()
    gc.enable()
