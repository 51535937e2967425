"""`python -m config.web`: Granian with a high connection limit. `make run`, the image and compose start this."""

import argparse
import os
import sys

from config.services import configured
from config.web.connections import (
    BACKLOG,
    CONNECTIONS,
    HEADER_BYTES,
    HEADER_SECONDS,
    TAKEN,
    connection_limits,
)


def main() -> None:
    """Raise the limit of open files, then become Granian."""
    options = argparse.ArgumentParser(prog="python -m config.web")
    options.add_argument("--host", required=True)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--header-seconds", type=float, default=HEADER_SECONDS)
    chosen = options.parse_args()
    requested = configured("WEB_CONNECTIONS") or str(CONNECTIONS)
    if not requested.isdecimal() or int(requested) < 1:
        sys.exit(
            f"WEB_CONNECTIONS is {requested!r}; set it to a number of connections, for example {CONNECTIONS}."
        )
    taken = connection_limits(int(requested)).connections
    if taken < int(requested):
        print(
            f"Only {taken} instead of {requested} connections: the hard limit of open files is too low. "
            "Raise it (`ulimit -Hn`, LimitNOFILE= or compose's ulimits).",
            file=sys.stderr,
            flush=True,
        )
    os.environ[TAKEN] = str(taken)
    command = granian(chosen.host, chosen.port, connections=taken, header_seconds=chosen.header_seconds)
    os.execv(sys.executable, [sys.executable, *command])


def granian(host: str, port: int, *, connections: int, header_seconds: float) -> list[str]:
    """Arguments for Python. With open streams a stop takes 20 s without the kill timeout.

    HTTP/1 only: one HTTP/2 connection carries hundreds of requests past the limit of connections, without an
    end. Browsers speak HTTP/2 with the proxy.
    """
    options = {
        "interface": "asgi",
        "host": host,
        "port": port,
        "workers": 1,
        "workers-kill-timeout": 3,
        "http": 1,
        "backlog": BACKLOG,
        "backpressure": connections,
        "http1-header-read-timeout": round(header_seconds * 1000),
        "http1-buffer-size": HEADER_BYTES,
    }
    flags = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    return ["-m", "granian", *flags, "--no-ws", "config.asgi:application"]


if __name__ == "__main__":
    main()
