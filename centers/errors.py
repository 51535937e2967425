"""How an operation says no."""


class OperationRefused(Exception):
    """An operation did not happen, and nothing was changed.

    `sentence` is translated, names the thing and says what to do; views show it as it is.
    """

    def __init__(self, sentence: object) -> None:
        super().__init__(str(sentence))

    @property
    def sentence(self) -> str:
        text: str = self.args[0]
        return text
