"""The embedded PostgreSQL 18: one cluster, one role without superuser rights, one database `markaz`."""

import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg

from . import processes
from .binaries import Binaries
from .errors import EmbeddedError
from .state import choose_another_port, server_settings, settle_port, state_dir, write_private

NAME = "postgres"
MAJOR = "18"
ADMIN = "postgres"
ROLE = DATABASE = "markaz"
# Crash recovery after a power cut replays at most this session's unwritten log: seconds, not minutes.
START_SECONDS = 60.0
STOP_SECONDS = 20.0


def folder() -> Path:
    """The data directory."""
    return state_dir() / "postgres"


def log() -> Path:
    """The server's log."""
    return state_dir() / "postgres.log"


def url() -> str:
    """Address of the database for the product's role."""
    entry = server_settings(NAME)
    return f"postgres://{ROLE}:{entry['password']}@127.0.0.1:{entry['port']}/{DATABASE}"


def running() -> int | None:
    """The id of the running server's process, or None."""
    try:
        pid = int((folder() / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
    return pid if processes.works_in(pid, folder(), NAME) else None


def start(programs: Binaries) -> None:
    """Start the server, creating the cluster first when there is none, and wait until it answers."""
    _make_cluster(programs)
    _clear_stale_pid()
    for _ in range(5):
        settle_port(NAME)
        if _try_start(programs):
            _make_role_and_database()
            return
    raise EmbeddedError("PostgreSQL found no free port on 127.0.0.1.")


def stop() -> None:
    """Fast shutdown: SIGINT ends the sessions, writes a checkpoint and leaves nothing to recover."""
    pid = running()
    if pid is not None:
        processes.stop(pid, folder=folder(), name=NAME, gently=signal.SIGINT, seconds=STOP_SECONDS)


def _make_cluster(programs: Binaries) -> None:
    version = folder() / "PG_VERSION"
    ready = state_dir() / "postgres.ready"
    if ready.exists() and version.exists():
        made_by = version.read_text().strip()
        if made_by != MAJOR:
            raise EmbeddedError(
                f"The data in {folder()} was made by PostgreSQL {made_by} and this is PostgreSQL {MAJOR}; "
                "run `make reset` to start over, or go back to the older release and dump it."
            )
        return
    if folder().exists():
        shutil.rmtree(folder())  # an initdb that was killed half-way: it never contained data
    data = processes.own_directory(folder())
    password = processes.own_directory(state_dir() / "initdb") / "password"
    write_private(password, server_settings(NAME)["admin_password"])
    processes.give_to_owner(password)
    try:
        _initdb(programs.initdb, data, password)
    finally:
        shutil.rmtree(password.parent)
    ready.touch()


def _initdb(program: Path, data: Path, password: Path) -> None:
    command = [str(program), "-D", str(data), "-U", ADMIN, "--pwfile", str(password), "--auth=scram-sha-256"]
    command += ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    command += ["--data-checksums"]
    made = subprocess.run(
        command,
        cwd=data,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        **processes.as_owner(),
    )
    if made.returncode:
        output = made.stdout.decode(errors="replace").strip()
        raise EmbeddedError(f"PostgreSQL could not make its data directory {data}:\n{output}")


def _clear_stale_pid() -> None:
    """Clear up after a `kill -9`.

    PostgreSQL clears its own stale `postmaster.pid`, unless the process id in it now belongs to another
    process of the same user. The file also protects against backends of a killed server that still write,
    so it may be removed only once none of those is left.
    """
    if processes.end_leftovers(folder(), NAME):
        (folder() / "postmaster.pid").unlink(missing_ok=True)


def _try_start(programs: Binaries) -> bool:
    """Start once; False when another program took the port in the meantime."""
    since = processes.rotate(log())
    process = processes.spawn([str(programs.postgres), *_options()], folder=folder(), log=log())
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            written = processes.tail(log(), since=since)
            if "Address already in use" in written:
                choose_another_port(NAME)
                return False
            raise EmbeddedError(f"PostgreSQL did not start. Its log ({log()}) ends:\n{written}")
        if _answers():
            return True
        time.sleep(0.02)
    stop()
    raise EmbeddedError(
        f"PostgreSQL did not answer within {START_SECONDS:.0f} s. Its log ({log()}) ends:\n"
        f"{processes.tail(log(), since=since)}"
    )


def _options() -> list[str]:
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": server_settings(NAME)["port"],
        # A socket path may have 107 bytes at most, which a deep checkout exceeds; TCP has no such limit.
        "unix_socket_directories": "",
        "max_connections": 200,
        "timezone": "UTC",
        "log_timezone": "UTC",
        "max_wal_size": "256MB",
        # Without processes of their own for reading: a database of this size is in memory, where they only cost some.
        "io_method": "sync",
    }
    options = ["-D", str(folder())]
    for name, value in settings.items():
        options += ["-c", f"{name}={value}"]
    return options


def _connect_as_admin() -> "psycopg.Connection[tuple[object, ...]]":
    entry = server_settings(NAME)
    return psycopg.connect(
        host="127.0.0.1",
        port=entry["port"],
        user=ADMIN,
        password=entry["admin_password"],
        dbname="postgres",
        autocommit=True,
        connect_timeout=5,
    )


def _answers() -> bool:
    """Whether the server takes connections; a refused password means damage, not "not yet"."""
    try:
        _connect_as_admin().close()
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise EmbeddedError(
                "The embedded PostgreSQL refuses the stored password; run `make reset` to start over."
            ) from error
        return False
    return True


def _make_role_and_database() -> None:
    """Idempotent: the next start finishes one that was killed half-way."""
    password = server_settings(NAME)["password"]  # hexadecimal, so it needs no quoting
    with _connect_as_admin() as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'markaz'").fetchone():
            connection.execute(f"CREATE ROLE {ROLE} LOGIN CREATEDB PASSWORD '{password}'")
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'markaz'").fetchone():
            connection.execute("CREATE DATABASE markaz OWNER markaz")
