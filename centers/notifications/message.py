"""What a channel is given to send, and how it answers. It knows neither models nor what the message is about."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from centers.stored_messages import StoredMessage


@dataclass(frozen=True, slots=True)
class Action:
    """A link that solves what the message is about; it opens a page with a button, which acts."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with an email.

    `make` reads no database and may take a while: it is called when the message is handed over, at every try.
    """

    name: str
    media_type: str
    make: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Message:
    """One message in the recipient's language.

    `key` is the same at every try: providers that know idempotency keys get it. Messages with the same `thread`
    belong together (one alert from opened to resolved). `text` has paragraphs apart by blank lines, no markup.
    `open_count` is how many alerts the recipient has then, for channels that show it; None where no one counted.
    """

    key: str
    kind: str
    language: str
    subject: str
    text: str
    actions: tuple[Action, ...] = ()
    urgent: bool = False
    thread: str = ""
    reseller_id: int = 0  # whose it is: a channel with an account per reseller sends from theirs
    sender: str = ""  # the reseller's name
    color: str = ""  # the reseller's, "#rrggbb", or empty
    logo_url: str = ""
    contact: str = ""  # how to reach the reseller, in its own words
    reply_to: str = ""
    unsubscribe_url: str = ""
    open_count: int | None = None
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """The channel took the message. `answer` is what it said, for the log (no secrets)."""

    provider_id: str = ""
    answer: str = ""


class ChannelError(Exception):
    """The channel did not take the message.

    `reason` is a sentence for people. `permanent`: no retry helps this message. `dead`: no message of this
    destination will be taken until a person acts, so it is paused. `retry_after` in seconds, if the provider said so.
    `unsure`: it may have been taken all the same (no answer after the message was handed over).
    """

    def __init__(
        self,
        reason: StoredMessage,
        *,
        answer: str = "",
        permanent: bool = False,
        dead: bool = False,
        unsure: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(str(reason))
        self.reason = reason
        self.answer = answer
        self.permanent = permanent
        self.dead = dead
        self.unsure = unsure
        self.retry_after = retry_after


class Channel(Protocol):
    """A way to reach people; `destination` is what its settings store (an address, a number, a URL)."""

    def send(self, message: Message, destination: str) -> Accepted:
        """Hand the message over once; raises ChannelError. Called without a transaction or database connection."""
        ...
