"""Kombu's Redis transport, mended: a worker whose broker is away waits for it instead of ending."""

from typing import Any

from kombu.transport import redis


class _Unacknowledged(redis.QoS):
    """The messages that a worker has taken and not finished.

    Kombu 5.7 gives them back when a lost connection is closed. If the broker is still away, the connection no longer
    knows its address by then: an AttributeError, which is no connection error and so ended the worker. The messages
    are in Valkey, and return after the visibility timeout; ticks enqueue what is due before that.
    """

    def restore_unacked(self, client: Any = None) -> Any:
        connection = self.channel.connection
        if connection is None or connection.client is None:
            if self._delivered:
                self._delivered.clear()
            return None
        return super().restore_unacked(client)


def mend_transport() -> None:
    """Make this process's connections to the broker use it."""
    redis.Channel.QoS = _Unacknowledged
