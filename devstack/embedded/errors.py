"""The one error of the embedded services."""


class EmbeddedError(Exception):
    """An embedded server cannot be used; the message is for the person at the terminal."""
