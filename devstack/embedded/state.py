"""Where an install without its own servers keeps its data, addresses and secrets.

An ordinary user's data lives in `.local/` of the checkout. PostgreSQL refuses to run as root, so for root
both servers run as an unprivileged user, who may not be able to enter the checkout at all; then everything
lives in a system directory instead, named after this checkout.
"""

import fcntl
import hashlib
import json
import os
import secrets
import socket
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from .errors import EmbeddedError

CHECKOUT = Path(__file__).resolve().parents[2]
SYSTEM_STATE = Path("/var/lib/markaz")
# Below Linux's range for outgoing connections (32768-60999), so that no passing connection takes the port.
PORTS = range(20000, 32000)
FREED_SECONDS = 2.0


def external(variable: str) -> str | None:
    """The address in the environment or in `.env`; None when it is unset or empty."""
    return os.environ.get(variable) or _dotenv().get(variable) or None


@lru_cache(maxsize=1)
def _dotenv() -> dict[str, str | None]:
    return dotenv_values(CHECKOUT / ".env")


def as_root() -> bool:
    """Whether this process runs as root, so the servers must run as another user."""
    return os.geteuid() == 0


@lru_cache(maxsize=1)
def state_dir() -> Path:
    """This checkout's state directory, created when it is missing."""
    local = CHECKOUT / ".local"
    try:
        local.mkdir(mode=0o700, exist_ok=True)
        return _system_state(local) if as_root() else local
    except OSError as error:
        raise EmbeddedError(
            f"The data directory cannot be made: {error}. Give this user the right to write there, "
            "or set DATABASE_URL and REDIS_URL to servers of your own."
        ) from error


def _system_state(local: Path) -> Path:
    state = SYSTEM_STATE / _checkout_key(local)
    state.mkdir(parents=True, exist_ok=True)
    for folder in (SYSTEM_STATE, state):
        folder.chmod(0o711)  # regardless of the umask: the servers' user must traverse these two
    (state / "checkout").write_text(f"{CHECKOUT}\n")
    return state


def _checkout_key(local: Path) -> str:
    """A name for this checkout. The path alone would hand an old clone's data to a new clone in its place."""
    identity = local / "checkout-id"
    with _flock(local / "checkout-id.lock"):
        if not identity.exists():
            write_private(identity, uuid.uuid4().hex)
    return hashlib.sha256(f"{CHECKOUT}\n{identity.read_text()}".encode()).hexdigest()[:16]


@contextmanager
def _flock(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def exclusive() -> Iterator[None]:
    """Lock out other processes of this checkout that start, stop or configure the servers."""
    with _flock(state_dir() / "lock"):
        yield


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, all of it or nothing."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(path)


def server_settings(name: str) -> dict[str, Any]:
    """Port and passwords of one server (`postgres` or `valkey`), chosen on first use."""
    known = _read()
    if name not in known:
        with _flock(state_dir() / "servers.lock"):
            known = _read()
            if name not in known:
                taken = {entry["port"] for entry in known.values()}
                known[name] = {
                    "port": free_port(avoid=taken),
                    "password": secrets.token_hex(24),
                    "admin_password": secrets.token_hex(24),
                }
                write_private(state_dir() / "servers.json", json.dumps(known, indent=2))
    entry: dict[str, Any] = known[name]
    return entry


def choose_another_port(name: str) -> int:
    """Store and return a new port for a server whose port was taken by another program."""
    server_settings(name)
    with _flock(state_dir() / "servers.lock"):
        known = _read()
        known[name]["port"] = free_port(avoid={entry["port"] for entry in known.values()})
        write_private(state_dir() / "servers.json", json.dumps(known, indent=2))
        return int(known[name]["port"])


def settle_port(name: str) -> int:
    """The server's port if it is free now or in a moment, else a new one.

    What a killed server listened on is closed a moment after its process is gone: a start right after it keeps the
    port, so that those who use the server find it again.
    """
    port = int(server_settings(name)["port"])
    deadline = time.monotonic() + FREED_SECONDS
    while not port_is_free(port):
        if time.monotonic() > deadline:
            return choose_another_port(name)
        time.sleep(0.02)
    return port


def _read() -> dict[str, Any]:
    path = state_dir() / "servers.json"
    if not path.exists():
        return {}
    try:
        known: dict[str, Any] = json.loads(path.read_text())
    except ValueError as error:
        raise EmbeddedError(f"{path} is damaged ({error}); run `make reset` to start over.") from error
    return known


def free_port(*, avoid: set[int]) -> int:
    """A free TCP port of 127.0.0.1."""
    for _ in range(200):
        port = secrets.choice(PORTS)
        if port not in avoid and port_is_free(port):
            return port
    raise EmbeddedError(f"No free port was found between {PORTS.start} and {PORTS.stop} on 127.0.0.1.")


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as probe:
        # As the servers do: a connection that lingers in TIME_WAIT does not keep them from listening.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def secret(name: str) -> str:
    """The secret of this name, generated once and kept in the state directory (mode 0600).

    `field-key` is a Fernet key (32 random bytes, URL-safe base64), `vapid-key` a private key of P-256 in the same form
    without padding; every other name is 64 random characters, more than the 50 that Django's deployment check asks of
    SECRET_KEY. An install with a database of its own must set its secrets too: a key generated here would differ on
    each machine that shares that database.
    """
    if external("DATABASE_URL"):
        variable = {"field-key": "FIELD_KEYS"}.get(name, name.upper().replace("-", "_"))
        raise EmbeddedError(f"{variable} is not set. With DATABASE_URL set it is required; see .env.example.")
    path = state_dir() / "secrets" / name
    if not path.exists():
        with exclusive():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            if not path.exists():
                write_private(path, _new_secret(name))
    return path.read_text().strip()


#: Private keys of the curve P-256 are below it (SEC 2, secp256r1).
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def _new_secret(name: str) -> str:
    if name == "field-key":
        return urlsafe_b64encode(secrets.token_bytes(32)).decode()
    if name == "vapid-key":
        return (
            urlsafe_b64encode((secrets.randbelow(_P256_ORDER - 1) + 1).to_bytes(32, "big"))
            .decode()
            .rstrip("=")
        )
    return secrets.token_urlsafe(48)
