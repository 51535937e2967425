"""The domain error of operations."""


class OperationRefused(Exception):
    """An operation did not happen, and nothing was changed.

    `message` is translated, names the object and what to do about it; views show it unchanged.
    """

    def __init__(self, message: object) -> None:
        super().__init__(str(message))

    @property
    def message(self) -> str:
        text: str = self.args[0]
        return text
