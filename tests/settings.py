"""The product's settings in an environment for tests.

pytest-django reads the settings before it loads any conftest, so what tests change has to be in place here.
"""

# ruff: noqa: E402, F403
import os
from contextlib import ExitStack
from urllib.parse import urlsplit, urlunsplit

os.environ.setdefault("MARKAZ_TESTING", "1")
os.environ.setdefault("EMAIL_URL", "memorymail://")

from config import embedded

_TEST_DB_NUMBERS = 15


def _test_redis_url() -> str:
    """The embedded (or given) Valkey, but a database number the product itself never uses."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    offset = sum(os.environ.get("MARKAZ_TEST_DB", "").encode()) if "MARKAZ_TEST_DB" in os.environ else 0
    number = 1 + (int(worker) + offset) % _TEST_DB_NUMBERS
    parts = urlsplit(embedded.redis_url())
    return urlunsplit(parts._replace(path=f"/{number}"))


HELD = ExitStack()
HELD.enter_context(embedded.lease())
os.environ["REDIS_URL"] = _test_redis_url()

from config.settings import *

# Programs that tests start read the product's own settings, in this same environment.
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
