"""The domain errors of operations."""

from typing import Any


class OperationRefused(Exception):
    """An operation did not happen, and nothing was changed.

    `message` is translated, names the object and what to do about it; views show it unchanged. `field` is the argument
    that was refused, if it was one: a form with a field of that name shows the message beside it.
    """

    def __init__(self, message: object, *, field: str = "") -> None:
        super().__init__(str(message))
        self.field = field

    @property
    def message(self) -> str:
        text: str = self.args[0]
        return text


class LinkOver(OperationRefused):
    """The time of a link is over that was sent and not revoked; `opened` is what it opened until then.

    The page that says so looks like its sender, so `message` is translated when it is read: in the language of who got
    the link.
    """

    def __init__(self, message: object, opened: Any) -> None:
        super().__init__(message)
        self._message = message
        self.opened = opened

    @property
    def message(self) -> str:
        return str(self._message)
