"""`python -m config.web`: Granian with a high connection limit. `make run`, the image and compose start this."""

import argparse
import os
import runpy
import sys
import tempfile
from pathlib import Path

from config.services import configured
from config.web import loading
from config.web.connections import (
    BACKLOG,
    CONNECTIONS,
    HEADER_BYTES,
    HEADER_SECONDS,
    METRICS,
    TAKEN,
    connection_limits,
    usual_processes,
)


def main() -> None:
    """Raise the limit of open files, then run Granian until it ends."""
    options = argparse.ArgumentParser(prog="python -m config.web")
    options.add_argument("--host", required=True)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--header-seconds", type=float, default=HEADER_SECONDS)
    chosen = options.parse_args()
    requested = number("WEB_CONNECTIONS", CONNECTIONS, "connections")
    processes = number("WEB_PROCESSES", usual_processes(), "processes")
    taken = connection_limits(requested).connections
    if taken < requested:
        print(
            f"Only {taken} instead of {requested} connections: the hard limit of open files is too low. "
            "Raise it (`ulimit -Hn`, LimitNOFILE= or compose's ulimits).",
            file=sys.stderr,
            flush=True,
        )
    os.environ[TAKEN] = str(taken)
    if processes > 1 and not os.environ.get(METRICS):
        os.environ[METRICS] = tempfile.mkdtemp(prefix="markaz-metrics-")
    if processes > 1:
        loading.load()  # once, for all of them
    sys.argv = granian(
        chosen.host,
        chosen.port,
        connections=taken,
        processes=processes,
        header_seconds=chosen.header_seconds,
    )
    runpy.run_module("granian", run_name="__main__", alter_sys=True)


def number(variable: str, usual: int, what: str) -> int:
    """A count from the environment or `.env`; ends the program with a sentence where it is none."""
    requested = configured(variable) or str(usual)
    if not requested.isdecimal() or int(requested) < 1:
        sys.exit(f"{variable} is {requested!r}; set it to a number of {what}, for example {usual}.")
    return int(requested)


def granian(host: str, port: int, *, connections: int, processes: int, header_seconds: float) -> list[str]:
    """Its command line. With open streams a stop takes 20 s without the kill timeout.

    HTTP/1 only: one HTTP/2 connection carries hundreds of requests past the limit of connections, without an
    end. Browsers speak HTTP/2 with the proxy. Its log leaves out the line it writes for each reader of a stream who
    closed the page; what fails is written at higher levels.
    """
    options = {
        "interface": "asgi",
        "host": host,
        "port": port,
        "workers": processes,
        "workers-kill-timeout": 3,
        "http": 1,
        "backlog": BACKLOG,
        "backpressure": connections,
        "http1-header-read-timeout": round(header_seconds * 1000),
        "http1-buffer-size": HEADER_BYTES,
        "log-config": Path(__file__).with_name("granian_log.json"),
    }
    flags = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    return ["granian", *flags, "--no-ws", "config.asgi:application"]


if __name__ == "__main__":
    main()
