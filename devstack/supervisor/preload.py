"""Loading the product once, for all processes that are forked from this one."""

import contextlib
import gc
import importlib
import os
import sys
import threading
import types
from collections.abc import Callable

from config.web import loading

#: What reads no environment and can be imported while the database still starts, most expensive first.
LIBRARIES = (
    "celery.bin.celery", "psycopg_pool", "redis.asyncio", "django.contrib.postgres.fields", "django.forms",
    "django.core.management", "phonenumbers", "cryptography.fernet", "requests",
    "prometheus_client", "PIL.Image", "babel.dates", "qrcode", "a2wsgi", "granian.cli", "granian.server.mp",
    "werkzeug.serving", "kombu.transport.redis", "celery.apps.worker", "celery.apps.beat", "celery.concurrency.thread",
    "celery.concurrency.prefork", "celery.worker.consumer", "celery.worker.strategy", "standardwebhooks",
    "celery.app.control", "celery.app.log", "celery.worker.autoscale", "celery.worker.components",
    "celery.worker.consumer.delayed_delivery", "billiard.heap", "billiard.popen_fork", "billiard.sharedctypes",
    "pycparser.c_parser", "cffi.cparser", "dbm.dumb", "django.core.cache.backends.redis",
)  # fmt: skip
#: Celery would load these, where they are installed, for what nothing here uses: coloured listings, tasks in YAML, the
#: memory of a worker in its debugging. Others may use them.
NOT_FOR_CELERY = ("pygments", "yaml", "psutil")
#: The product's, beside what config.web.loading knows.
MODULES = (
    "config.cache", "config.watchdog.probes", "config.watchdog.receivers", "config.watchdog.reports",
    "devstack.sandbox.server",
)  # fmt: skip


def begin() -> Callable[[], None]:
    """Import the libraries beside what the caller does; what it returns waits until that is done."""
    gc.disable()  # of what is loaded nothing becomes garbage
    thread = threading.Thread(target=_libraries)
    thread.start()
    return thread.join


def _libraries() -> None:
    # Of Celery's shell for brokers, with an editor of its own: 12 MB that nothing here uses.
    unused = types.ModuleType("click_repl")
    unused.register_repl = lambda _group: None  # type: ignore[attr-defined]
    sys.modules.setdefault("click_repl", unused)
    # structlog would take it for coloured tracebacks, which config/logs.py doesn't use.
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type]
    for name in NOT_FOR_CELERY:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
    for name in LIBRARIES:
        with contextlib.suppress(Exception):  # is reported where it is needed
            importlib.import_module(name)
    for name in NOT_FOR_CELERY:
        if sys.modules[name] is None:
            del sys.modules[name]


def set_up() -> None:
    """Settings, models and the registered tasks, from the environment of this process."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()


def finish() -> None:
    """All else that the processes run, ready for forks: nothing of it has a connection or a thread."""
    from config.celery import app

    for name in MODULES:
        importlib.import_module(name)
    app.loader.import_default_modules()
    app.finalize()
    loading.load()
