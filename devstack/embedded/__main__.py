"""`python -m devstack.embedded {start,stop,status,reset}`: control the embedded servers manually."""

import argparse
import shutil
import sys

from . import EmbeddedError, database_url, redis_url, state_dir
from .leases import SERVICES, embedded_services, in_use, keep_running, refuse_in_use, stop_kept, stop_services
from .state import exclusive

# Locks stay: another command may be waiting on them at this moment.
KEPT_AT_RESET = {"lock", "servers.lock", "lease", "checkout", "checkout-id", "checkout-id.lock"}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m devstack.embedded", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("start", help="start the servers and leave them running until `stop`")
    commands.add_parser("stop", help="stop the servers")
    commands.add_parser("status", help="show what runs and where the data is")
    reset = commands.add_parser("reset", help="remove all data of this checkout")
    reset.add_argument("--yes", action="store_true", help="do not ask")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "reset":
            return _reset(confirmed=chosen.yes)
        {"start": _start, "stop": stop_kept, "status": _status}[chosen.command]()
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _start() -> None:
    keep_running()
    _status()


def _status() -> None:
    own = embedded_services()
    for service in SERVICES:
        pid = service.running()
        state = f"running (process {pid})" if pid else "stopped"
        print(f"{service.name}: {state if service in own else f'not embedded, {service.variable} is set'}")
    print(f"In use: {'yes' if in_use() else 'no'}")
    print(f"Data: {state_dir()}")
    print(f"DATABASE_URL={database_url()}\nREDIS_URL={redis_url()}")


def _reset(*, confirmed: bool) -> int:
    folder = state_dir()
    if not confirmed:
        answer = _ask(f"Remove the database, the queue and the keys in {folder}? [y/N] ")
        if answer not in {"y", "yes"}:
            print("Nothing was removed.")
            return 1 if answer is None else 0
    with exclusive():
        refuse_in_use("reset")
        stop_services()
        for path in folder.iterdir():
            if path.name in KEPT_AT_RESET:
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
    print(f"Removed the data in {folder}.")
    return 0


def _ask(question: str) -> str | None:
    """The answer in lower case; None without a terminal, which a script must notice."""
    try:
        return input(question).strip().lower()
    except EOFError:
        print("\nNo one answered; a script says `make reset YES=1`.")
        return None


if __name__ == "__main__":
    sys.exit(main())
