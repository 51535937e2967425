"""How the connections of one web process are shared out. Nothing here needs Django: the process starts with it.

Granian counts pages, streams, health checks and connections that say nothing together, and stops accepting at its
limit. So each kind has a limit of its own below that one, and what is left over is always there for the others.
"""

import resource
from dataclasses import dataclass

# The variable in which the starter tells the worker how many connections Granian really takes.
TAKEN = "MARKAZ_CONNECTIONS_TAKEN"
CONNECTIONS = 8192
# Waiting for `accept`; the kernel cuts it to net.core.somaxconn.
BACKLOG = 4096
# From one request to the end of the next one's header: bounds idle connections and dripping headers alike.
HEADER_SECONDS = 15
# A client that takes nothing of what it asked for is dropped after this long.
UNREAD_SECONDS = 30
# Enough for any header of ours; Granian's default would let each connection hold 408 KB of it.
HEADER_BYTES = 64 * 1024
# Files of the process besides connections: database, Valkey, static files, sockets being refused.
OTHER_FILES = 512
_FEWEST = 128


@dataclass(frozen=True)
class Room:
    """Connections of one process by kind; idle ones have what is left."""

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


def room(wanted: int) -> Room:
    """Raise this process's limit of open files as far as it goes; room for `wanted` connections or fewer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = wanted + OTHER_FILES
    if hard != resource.RLIM_INFINITY:
        files = min(files, hard)
    if soft != resource.RLIM_INFINITY and soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    return Room(max(_FEWEST, min(wanted, files - OTHER_FILES)))
