"""How the connections of one web process are divided. Imports no Django, because the process starts here.

Granian counts pages, streams, health checks and idle connections together, and stops accepting at its
limit. So each kind has a limit of its own below that one, and the rest is always available to the others.
"""

import os
from dataclasses import dataclass

from centers.open_files import raise_open_files

# The variable that passes Granian's actual connection limit from the starter to the worker.
TAKEN = "MARKAZ_CONNECTIONS_TAKEN"
# The folder through which the processes share their figures (config/metrics.py).
METRICS = "PROMETHEUS_MULTIPROC_DIR"
CONNECTIONS = 8192
# Waiting for `accept`; the kernel cuts it to net.core.somaxconn.
BACKLOG = 4096
# From one request to the end of the next one's header: bounds idle connections and dripping headers alike.
HEADER_SECONDS = 15
# A client that reads nothing of its answer is dropped after this long.
UNREAD_SECONDS = 30
# Enough for any header of ours; Granian's default would let each connection buffer 408 KB.
HEADER_BYTES = 64 * 1024
# Files of the process besides connections: database, Valkey, static files, sockets being refused.
OTHER_FILES = 512
_FEWEST = 128
# More of them would open more connections to the database than a server of usual size allows.
_MOST_PROCESSES = 4


def usual_processes() -> int:
    """One for each core that this program may use, at most four."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, _MOST_PROCESSES)


@dataclass(frozen=True)
class ConnectionLimits:
    """Connections of one process by kind; idle ones have the rest."""

    connections: int

    @property
    def streams(self) -> int:
        """Live streams at most: 5 of 8 connections."""
        return self.connections * 5 // 8

    @property
    def requests(self) -> int:
        """Requests for pages at work or waiting for a thread at most: 2 of 8 connections."""
        return self.connections // 4

    @property
    def bodies(self) -> int:
        """Requests whose body is still on its way at most: 1 of 8 connections."""
        return self.connections // 8


def connection_limits(requested: int) -> ConnectionLimits:
    """Raise this process's limit of open files as far as possible; the limits for `requested` connections or fewer."""
    files = raise_open_files(requested + OTHER_FILES)
    return ConnectionLimits(max(_FEWEST, min(requested, files - OTHER_FILES)))
