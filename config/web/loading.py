"""Loading the pages once, in the process from which those that serve them are forked: they share its memory."""

import gc
import importlib
import os
import sys
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from wsgiref.util import setup_testing_defaults

#: Not config.asgi: it divides the connections of one process as it is imported.
_MODULES = (
    "config.wsgi",
    "config.urls",
    "config.live.server",
    "config.web.guard",
    "config.web.request_bodies",
    "a2wsgi",
)

#: Bytes for each size of small objects, the largest of them, and what `bytes` itself takes.
_FILLING, _LARGEST, _HEAD = 64 * 1024, 512, sys.getsizeof(b"")
_FILLED: list[object] = []


@cache  # the web process of `make run` is forked from one that has done it
def load() -> None:
    """Set Django up and import what the pages need; nothing of it connects or starts a thread."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    gc.disable()  # of what is loaded nothing becomes garbage
    for name in _MODULES:
        importlib.import_module(name)
    _catalogs()
    _first_page()
    freeze()


def _catalogs() -> None:
    from django.conf import settings
    from django.utils.translation import trans_real

    for language, _label in settings.LANGUAGES:
        trans_real.translation(language)


def _first_page() -> None:
    """Make the login page for no one: otherwise the first visitors make each process load its parts for itself alone.

    A fork must not inherit a connection. Only a demo makes one here, to ask Valkey for its time.
    """
    from django.conf import settings
    from django.urls import reverse

    from config.cache import disconnect
    from config.metrics import UNCOUNTED
    from config.wsgi import application

    site = urlsplit(settings.SITE_URL)
    environ: dict[str, Any] = {
        "PATH_INFO": reverse(settings.LOGIN_URL),
        "HTTP_HOST": site.netloc,
        "HTTP_X_FORWARDED_PROTO": site.scheme,
        "wsgi.url_scheme": site.scheme,
        UNCOUNTED: True,
    }
    setup_testing_defaults(environ)
    application(environ, lambda *_head: _ignore).close()
    disconnect()


def _ignore(_body: bytes) -> None:
    pass


def _fill_gaps() -> None:
    """Take up the free places between what is loaded: a fork would copy a page for each thing that it puts there."""
    _FILLED.extend(object() for _ in range(_FILLING // 16))
    _FILLED.extend(float(number) for number in range(_FILLING // 32))
    for size in range(48, _LARGEST + 1, 16):
        _FILLED.extend(bytes(size - _HEAD) for _ in range(_FILLING // size))


def freeze() -> None:
    """Keep later collections away from what is loaded: they would copy its pages into every fork."""
    gc.collect()
    _fill_gaps()
    gc.freeze()
    gc.enable()
