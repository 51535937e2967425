"""A person's desktop: the service that a browser on Linux asks, over D-Bus, to show notifications.

It is a session bus of its own with nothing else on it, so that what the browser shows can be read and clicked.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from jeepney import DBusAddress, HeaderFields, Message, MessageType, Parser, new_method_return, new_signal

_NAME = ":1.0"  # of everything on this bus
_NOTIFICATIONS = DBusAddress("/org/freedesktop/Notifications", interface="org.freedesktop.Notifications")
_ANSWERS: dict[str, tuple[str, tuple[object, ...]]] = {
    "Hello": ("s", (_NAME,)),
    "RequestName": ("u", (1,)),
    "GetNameOwner": ("s", (_NAME,)),
    "NameHasOwner": ("b", (True,)),
    "StartServiceByName": ("u", (2,)),
    "GetCapabilities": ("as", (["actions", "body"],)),
    "GetServerInformation": ("ssss", ("Desktop of the tests", "Markaz", "1", "1.2")),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A notification on the screen; `buttons` by what a click sends, "default" for one beside them."""

    number: int
    title: str
    body: str
    buttons: dict[str, str]


@dataclass
class Desktop:
    """What was shown, in order."""

    address: str
    shown: list[Shown] = field(default_factory=list)
    _connections: list[socket.socket] = field(default_factory=list)
    _serials: Iterator[int] = field(default_factory=lambda: count(1))

    def click(self, button: str = "default") -> None:
        """Click on the last notification, or on one of its buttons."""
        clicked = new_signal(_NOTIFICATIONS, "ActionInvoked", "us", (self.shown[-1].number, button))
        self._send(clicked, *self._connections)

    def serve(self, connection: socket.socket) -> None:
        """Answer what one connection asks, until it ends."""
        parser = Parser()
        parser.add_data(_greeted(connection))
        self._connections.append(connection)
        while True:
            while (message := parser.get_next_message()) is not None:
                if message.header.message_type == MessageType.method_call:
                    self._answer(connection, message)
            data = connection.recv(65536)
            if not data:
                return
            parser.add_data(data)

    def _answer(self, connection: socket.socket, call: Message) -> None:
        signature, body = _ANSWERS.get(name := call.header.fields[HeaderFields.member], (None, ()))
        if name == "Notify":
            _program, _replaces, _icon, title, text, actions, *_rest = call.body
            buttons = dict(zip(actions[::2], actions[1::2], strict=True))
            self.shown.append(Shown(len(self.shown) + 1, title, text, buttons))
            signature, body = "u", (len(self.shown),)
        self._send(new_method_return(call, signature, body), connection)
        if name == "CloseNotification":
            closed = new_signal(_NOTIFICATIONS, "NotificationClosed", "uu", (call.body[0], 3))
            self._send(closed, connection)

    def _send(self, message: Message, *connections: socket.socket) -> None:
        message.header.fields[HeaderFields.sender] = _NAME
        for connection in connections:
            with suppress(OSError):  # it has ended
                connection.sendall(message.serialise(next(self._serials)))


@contextmanager
def desktop(folder: Path) -> Iterator[Desktop]:
    """A desktop; a browser finds it by DBUS_SESSION_BUS_ADDRESS."""
    path = folder / "bus"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        one = Desktop(f"unix:path={path}")
        threading.Thread(target=_accept, args=(listener, one), daemon=True).start()
        try:
            yield one
        finally:
            listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, one: Desktop) -> None:
    with suppress(OSError):  # the listener was closed
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_serve, args=(one, connection), daemon=True).start()


def _serve(one: Desktop, connection: socket.socket) -> None:
    with connection, suppress(OSError):
        one.serve(connection)


def _greeted(connection: socket.socket) -> bytes:
    """Let the other side in as the one it says it is; returns what it sent after that."""
    text = b""
    while b"BEGIN\r\n" not in text:
        received = connection.recv(4096)
        if not received:
            raise ConnectionError
        text += received
        for line in received.split(b"\r\n"):
            if b"AUTH" in line:
                connection.sendall(b"OK 00000000000000000000000000000000\r\n")
            elif line.startswith(b"NEGOTIATE_UNIX_FD"):
                connection.sendall(b"ERROR\r\n")
    return text.partition(b"BEGIN\r\n")[2]
