"""`python -m devstack.sandbox`: the sandbox as its own process."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from .conversion import ConversionError
from .server import PortInUse, SandboxServer
from .state.store import StateFileError


def main(arguments: list[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; 0 after a clean stop, 1 with a message when it cannot start."""
    options = _parser().parse_args(arguments)
    server = SandboxServer(
        options.state,
        options.rate_limit,
        options.port,
        options.host,
        control_hosts=options.control_host,
        mails=options.mails,
    )
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        server.start()
    except (PortInUse, StateFileError) as error:
        return _complain(str(error))
    except (ConversionError, KeyError) as error:
        return _complain(f"{options.state} holds no sandbox state of this version: {error}")
    sys.stdout.write(f"Sandbox MazBot API at {server.api_base}, control page at {server.url}/control\n")
    sys.stdout.flush()
    stop.wait()
    server.stop()
    return 0


def _complain(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m devstack.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=9100)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--state", type=Path, help="JSON file that keeps the state over restarts")
    parser.add_argument("--mails", type=Path, help="folder of mails that the control page shows")
    parser.add_argument("--rate-limit", type=int, default=60, help="requests a minute of new accounts")
    parser.add_argument(
        "--control-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a further Host name under which the control page may be reached",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
