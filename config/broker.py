"""Kombu's Redis transport, mended: a worker whose broker is away waits for it instead of ending."""

from typing import Any

from kombu.transport import redis, virtual


class _Unacknowledged(redis.QoS):
    """The messages that a worker has taken and not finished.

    Kombu 5.7 asks for the address of a connection that is given up already: when it gives the messages back while the
    broker is still away, and when a job ends that was taken over that connection. Both are an AttributeError, which is
    no connection error and so ended the worker. The messages are in Valkey, and return after the visibility timeout;
    ticks enqueue what is due before that.
    """

    def restore_unacked(self, client: Any = None) -> Any:
        if not self._is_lost():
            return super().restore_unacked(client)
        if self._delivered:
            self._delivered.clear()
        return None

    def ack(self, delivery_tag: str) -> None:
        if self._is_lost():
            virtual.QoS.ack(self, delivery_tag)
        else:
            super().ack(delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        if self._is_lost():
            virtual.QoS.ack(self, delivery_tag)
        else:
            super().reject(delivery_tag, requeue=requeue)

    def _is_lost(self) -> bool:
        connection = self.channel.connection
        return connection is None or connection.client is None


def mend_transport() -> None:
    """Make this process's connections to the broker use it."""
    redis.Channel.QoS = _Unacknowledged
