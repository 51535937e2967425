"""The domain error of operations."""


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
