"""`python -m devstack.supervisor`: the last step of `make run`."""

import fcntl
import multiprocessing
import os
import shlex
import shutil
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from honcho.manager import Manager

from config.demo_mode import NoDemoHere
from config.web.connections import METRICS
from devstack import embedded
from devstack.embedded.state import CHECKOUT, external, port_is_free

from . import commands, demo, forks, leftovers, preload, static_files, tables, translations

AT_START = {
    # Celery warns root in each worker; an install for others has its own users (Dockerfile).
    "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
    # Workers of hundreds of threads would otherwise keep as many heaps as threads ever allocated at once.
    "MALLOC_ARENA_MAX": "2",
    # Each worker would check what `make check` does, and touch all that it shares with the others.
    "CELERY_SKIP_CHECKS": "1",
}


class SupervisorError(Exception):
    """`make run` cannot continue; the message is for the person at the terminal."""


def main() -> int:
    """Run until Ctrl-C or until one of the processes ends; returns the exit status."""
    try:
        mark = str(embedded.state_dir())
        if os.environ.get(leftovers.MARK) != mark:
            # Once more with the mark in our own environment: forks of this process inherit it from there, and what an
            # interpreter reads only when it starts.
            os.environ |= {leftovers.MARK: mark, "PYTHONUNBUFFERED": "1"}
            for name, value in AT_START.items():
                os.environ.setdefault(name, value)
            os.execv(sys.executable, [sys.executable, "-m", "devstack.supervisor"])
        return run(mark)
    except (embedded.EmbeddedError, NoDemoHere, SupervisorError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped before everything was up.", file=sys.stderr)
        return 130


def run(mark: str) -> int:
    """Run the install once, from the checks to the end of the last process."""
    with only_one(embedded.state_dir() / "supervisor.lock"):
        if count := leftovers.end(mark):
            print(f"Ended {count} processes that an earlier run left behind.")
        environment = settle()
        os.environ[METRICS] = environment[METRICS]  # read when the library is imported
        wait_for_libraries = preload.begin() if forks.SUPPORTED else None
        with embedded.lease():
            if wait_for_libraries:
                wait_for_libraries()
            prepare(environment)
            made_way = demo.make_way_for_customers(environment, embedded.database_url())
            for line in filter(None, (made_way, demo.warning(environment))):
                print(line, flush=True)
            if forks.SUPPORTED:
                load(environment)
            welcome = subprocess.Popen([sys.executable, "-m", "devstack.supervisor.welcome"], env=environment)
            try:
                return supervise(environment)
            finally:
                welcome.terminate()
                welcome.wait()
                leftovers.end(mark)


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """One supervisor per checkout. A record lock, because forks do not inherit it and so cannot keep it."""
    with path.open("a+") as stream:
        try:
            fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SupervisorError("`make run` runs in this checkout already; stop that one first.") from error
        yield


def settle() -> dict[str, str]:
    """The environment of all processes, once the ports are known to be free."""
    host, port = external("HOST") or "127.0.0.1", port_of("PORT", 8000)
    environment = {**os.environ, "PORT": str(port), "HOST": host}
    environment.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    environment["SITE_URL"] = external("SITE_URL") or f"http://127.0.0.1:{port}"
    demo.settle(environment)
    # Programs are named "python" in the commands; this makes it ours.
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    environment[METRICS] = str(empty_folder(embedded.state_dir() / "metrics"))
    addresses = {"PORT": (host, port)}
    if demo.is_on(environment):
        sandbox_port = port_of("SANDBOX_PORT", 9100)
        environment |= {"SANDBOX_PORT": str(sandbox_port)}
        environment["MARKAZ_SANDBOX_URL"] = f"http://127.0.0.1:{sandbox_port}"
        # The fake gateways, which the product otherwise calls at public addresses only.
        inside = [external("OUTBOUND_INTERNAL_HOSTS"), f"127.0.0.1:{sandbox_port}"]
        environment["OUTBOUND_INTERNAL_HOSTS"] = ",".join(filter(None, inside))
        if not external("EMAIL_URL"):
            environment["EMAIL_URL"] = demo.mail_url()
        addresses["SANDBOX_PORT"] = ("127.0.0.1", sandbox_port)
    for variable, address in addresses.items():
        refuse_taken_port(variable, *address)
    return environment


def empty_folder(path: Path) -> Path:
    """The folder, with nothing in it."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    return path


def port_of(variable: str, usual: int) -> int:
    """A port number from the environment or from `.env`."""
    text = external(variable) or str(usual)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise SupervisorError(f"{variable} is {text!r}, which is no port number (1 to 65535).")
    return int(text)


def refuse_taken_port(variable: str, host: str, port: int) -> None:
    """Raise with a message when another program listens there."""
    if not port_is_free(port, host):
        raise SupervisorError(
            f"Port {port} on {host} is in use by another program or not allowed to this user; "
            f"choose another, for example `make run {variable}={port + 1}`."
        )


def prepare(environment: dict[str, str]) -> None:
    """Bring static files, translations and tables up to date, each only after its sources changed."""
    if not static_files.collect(environment):
        raise SupervisorError("The static files could not be collected; the lines above tell why.")
    if not translations.compile_changed():
        raise SupervisorError("The translations could not be compiled; the lines above tell why.")
    if not forks.SUPPORTED or not tables.are_known():
        migrate(environment)


def migrate(environment: dict[str, str]) -> None:
    """Bring the tables up to date."""
    if not tables.migrate(environment):
        raise SupervisorError("`python manage.py migrate` failed; the lines above tell why.")


def load(environment: dict[str, str]) -> None:
    """Load the product into this process, from which the others are forked; look whether the tables are there."""
    os.environ.clear()
    os.environ.update(environment)
    try:
        preload.set_up()
        current = tables.checking()
        preload.finish()
    except Exception as error:
        traceback.print_exc()
        raise SupervisorError("The product could not be loaded; the lines above tell why.") from error
    if not current():
        migrate(environment)


def supervise(environment: dict[str, str]) -> int:
    """Run all processes until one ends or a signal arrives, then end the others."""
    multiprocessing.set_start_method("fork", force=True)  # what honcho is written for
    manager = forks.ForkingManager() if forks.SUPPORTED else Manager()
    for name, command in table(environment).items():
        started = command if forks.SUPPORTED else f"exec {shlex.join(command)}"
        manager.add_process(name, started, env=environment, cwd=str(CHECKOUT))
    manager.loop()
    stopped_by_hand = manager.returncode in {130, 143}
    return 0 if stopped_by_hand else int(manager.returncode or 1)


def table(environment: dict[str, str]) -> dict[str, list[str]]:
    """Name and command of every process."""
    state = embedded.state_dir()
    processes = {"web": commands.web(host=environment["HOST"], port=environment["PORT"])}
    if demo.is_on(environment):
        port = int(environment["SANDBOX_PORT"])
        processes["sandbox"] = commands.sandbox(
            port=port, state=state / "sandbox.json", mails=demo.mail_folder()
        )
    processes |= {name: commands.worker(name) for name in commands.WORKERS}
    processes["beat"] = commands.beat(schedule=state / "celerybeat-schedule")
    processes["watchdog"] = commands.watchdog(state=state / "watchdog.json")
    return processes


if __name__ == "__main__":
    sys.exit(main())
