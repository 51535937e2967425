"""`python -m devstack.supervisor`: the last step of `make run`."""

import fcntl
import multiprocessing
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from honcho.manager import Manager

from config.demo_mode import NoDemoHere
from devstack import embedded
from devstack.embedded.state import CHECKOUT, external, port_is_free

from . import commands, demo, leftovers, static_files


class SupervisorError(Exception):
    """`make run` cannot continue; the message is for the person at the terminal."""


def main() -> int:
    """Run until Ctrl-C or until one of the processes ends; returns the exit status."""
    try:
        mark = str(embedded.state_dir())
        if os.environ.get(leftovers.MARK) != mark:
            # Once more with the mark in our own environment: forks of this process inherit it from there.
            os.environ[leftovers.MARK] = mark
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
        with embedded.lease():
            prepare(environment)
            made_way = demo.make_way_for_customers(environment, embedded.database_url())
            for line in filter(None, (made_way, demo.warning(environment))):
                print(line, flush=True)
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
    environment = {**os.environ, "PORT": str(port), "HOST": host, "PYTHONUNBUFFERED": "1"}
    environment.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    # Celery warns root in each worker; an install for others has its own users (Dockerfile).
    environment.setdefault("PYTHONWARNINGS", "ignore:You're running the worker with superuser privileges")
    environment["SITE_URL"] = external("SITE_URL") or f"http://127.0.0.1:{port}"
    demo.settle(environment)
    # Programs are named "python" in the commands; this makes it ours.
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
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
    """Bring translations, static files and tables up to date."""
    if not static_files.collect(environment):
        raise SupervisorError("The static files could not be collected; the lines above tell why.")
    for step in (
        ["-m", "devstack.translations", "compile"],
        ["manage.py", "migrate", "--no-input", "-v", "1"],
    ):
        done = subprocess.run([sys.executable, *step], cwd=CHECKOUT, env=environment, check=False)
        if done.returncode:
            raise SupervisorError(f"`python {' '.join(step)}` failed; the lines above tell why.")


def supervise(environment: dict[str, str]) -> int:
    """Run all processes until one ends or a signal arrives, then end the others."""
    multiprocessing.set_start_method("fork", force=True)  # what honcho is written for
    manager = Manager()
    for name, command in table(environment).items():
        manager.add_process(name, f"exec {shlex.join(command)}", env=environment, cwd=str(CHECKOUT))
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
