"""The product's settings in an environment for tests.

pytest-django reads the settings before it loads any conftest, so what tests change has to be in place here.
"""

# ruff: noqa: E402, F403
import os
import sys
from contextlib import ExitStack

# Where the environment forbids it, each run and each program that a test starts would compile every module again: a
# test module takes a quarter of a second, because pytest rewrites its assertions.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

os.environ.setdefault("MARKAZ_TESTING", "1")
os.environ.setdefault("EMAIL_URL", "memory:")

from devstack import embedded
from tests.numbers import own_number

HELD = ExitStack()
HELD.enter_context(embedded.lease())
os.environ["REDIS_URL"] = HELD.enter_context(own_number(embedded.redis_url()))

from config.settings import *
from config.settings import DATABASES

# Hundreds of people are made; the strength of password hashing is up to Django.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# A test database need not outlive a power cut, and is emptied between tests that commit.
DATABASES["default"]["OPTIONS"]["options"] = "-c synchronous_commit=off -c markaz.may_truncate=on"

# Otherwise every test client starts by scanning all static files.
WHITENOISE_AUTOREFRESH = True

# Every test logs in again.
MAZBOT_LOGINS_PER_MINUTE = 60_000

# Programs that tests start read the product's own settings, in this same environment.
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
