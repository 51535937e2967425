"""The embedded Valkey 9: the broker, the request budget and the cache of one install."""

import signal
import time
from pathlib import Path

import redis

from . import processes
from .binaries import Binaries
from .errors import EmbeddedError
from .state import choose_another_port, server_settings, settle_port, state_dir, write_private

NAME = "valkey"
PROCESS = "valkey-server"
START_SECONDS = 30.0
STOP_SECONDS = 10.0


def folder() -> Path:
    """The data directory."""
    return state_dir() / "valkey"


def log() -> Path:
    """The server's log."""
    return state_dir() / "valkey.log"


def url() -> str:
    """Address of the server, database 0."""
    entry = server_settings(NAME)
    return f"redis://:{entry['password']}@127.0.0.1:{entry['port']}/0"


def running() -> int | None:
    """The id of the running server's process, or None."""
    try:
        pid = int((folder() / "valkey.pid").read_text())
    except (OSError, ValueError):
        return None
    return pid if processes.works_in(pid, folder(), PROCESS) else None


def start(programs: Binaries) -> None:
    """Start the server and wait until it answers."""
    processes.own_directory(folder())
    processes.end_leftovers(folder(), PROCESS)
    for _ in range(5):
        settle_port(NAME)
        if _try_start(programs):
            return
    raise EmbeddedError("Valkey found no free port on 127.0.0.1.")


def stop() -> None:
    """SIGTERM: the append-only file is flushed before the process ends."""
    pid = running()
    if pid is not None:
        processes.stop(pid, folder=folder(), name=PROCESS, gently=signal.SIGTERM, seconds=STOP_SECONDS)


def _try_start(programs: Binaries) -> bool:
    """Start once; False when another program took the port in the meantime."""
    since = processes.rotate(log())
    process = processes.spawn([str(programs.valkey), str(_write_configuration())], folder=folder(), log=log())
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            written = processes.tail(log(), since=since)
            if "Address already in use" in written or "Failed listening" in written:
                choose_another_port(NAME)
                return False
            raise EmbeddedError(f"Valkey did not start. Its log ({log()}) ends:\n{written}")
        if _answers():
            return True
        time.sleep(0.02)
    stop()
    raise EmbeddedError(
        f"Valkey did not answer within {START_SECONDS:.0f} s. Its log ({log()}) ends:\n"
        f"{processes.tail(log(), since=since)}"
    )


def _write_configuration() -> Path:
    """In a file, because a password on the command line is shown to every user of the machine by `ps`."""
    entry = server_settings(NAME)
    path = folder() / "valkey.conf"
    lines = {
        "bind": "127.0.0.1",
        "port": entry["port"],
        "requirepass": entry["password"],
        "dir": _quoted(folder()),
        "pidfile": _quoted(folder() / "valkey.pid"),
        "daemonize": "no",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": '""',
        "maxmemory-policy": "noeviction",
    }
    write_private(path, "".join(f"{name} {value}\n" for name, value in lines.items()))
    processes.give_to_owner(path)
    return path


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _answers() -> bool:
    entry = server_settings(NAME)
    client = redis.Redis(host="127.0.0.1", port=entry["port"], password=entry["password"], socket_timeout=2)
    try:
        return bool(client.ping())
    except redis.exceptions.AuthenticationError as error:
        raise EmbeddedError(
            "The embedded Valkey refuses the stored password; run `make reset` to start over."
        ) from error
    except redis.exceptions.RedisError:
        return False
    finally:
        client.close()
