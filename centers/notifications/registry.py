"""The channels, the groups and the kinds of messages; each is registered by the app that knows it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import ngettext

from centers.models import Notification, Role
from centers.models.tenancy import CENTER_ROLES
from centers.notifications.message import Action, Attachment, Channel


@dataclass(frozen=True, slots=True)
class Content:
    """What one notification says, in the active language; `text` has paragraphs apart by blank lines.

    Where a reseller may word it itself, `wording` is its name and `fields` are what it is made of
    (centers.notifications.message_texts).
    """

    subject: str
    text: str
    actions: tuple[Action, ...] = ()
    wording: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Kinds that a person chooses together. `roles` get them by default, by `channels`; other roles cannot get them.

    `overview(row)` is the button of a list: a page with all of them. `open_count(row, now)` is how many things wait for
    the row's recipient: the number on the icon of the installed app. What is `scheduled` comes at a time of its own and
    needs no reaction: lists, quiet hours, repeats and escalation make no sense. What is not `lasting` is over when it
    is known: repeats and escalation make no sense.
    """

    name: str
    label: str | Promise
    order: int
    roles: tuple[Role, ...]
    text: str | Promise = ""
    channels: tuple[str, ...] = ("email",)
    scheduled: bool = False
    lasting: bool = True
    overview: Callable[[Notification], Action] | None = None
    open_count: Callable[[Notification, datetime], int] | None = None

    @property
    def is_for_centers(self) -> bool:
        """Whether only people of centers get them."""
        return all(role in CENTER_ROLES for role in self.roles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of message. `write(row, now)` makes its text when it is delivered, in the scope of its reseller.

    It may read and write the database, but not wait for anything else; None means that the message is no longer
    needed. `line(row)` stands for it in a list of several; it reads nothing. `urgent` kinds pass quiet hours for
    those who allow it. `condenses`: many at once become one list. `verifies`: it goes to a destination before that
    is verified, and its failure sends no email instead. `to_contacts`: it is an email about a document to billing
    contacts of centers alone, and `also_by` channels to their phones, if it is written for them; its rows stay, as
    documents do. `for_team` kinds go to no one at a center. `page(row)` is the address of what it is about, for the
    person who got it. `counted(row, count)` is what so many rows like this one say in the subject of a list ("48
    numbers disconnected"), in the active language; rows that read the same for 1 are counted together. `since(row)`
    is when what it is about began, where that is not when it was written. Both read nothing.
    """

    name: str
    group: str
    label: str | Promise
    write: Callable[[Notification, datetime], Content | None]
    line: Callable[[Notification], str]
    urgent: bool = False
    condenses: bool = True
    verifies: bool = False
    to_contacts: bool = False
    also_by: tuple[str, ...] = ()
    for_team: bool = False
    page: Callable[[Notification], str] | None = None
    counted: Callable[[Notification, int], str] | None = None
    since: Callable[[Notification], datetime] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How a channel's destinations are set up: a person enters an address, under `label` with `help`.

    `accept(entered, country)` returns what is stored of it and a name that people recognise; it raises
    OperationRefused. Phone numbers without + are read in `country`. A code that is sent there proves that a person
    reads it, except where the channel's own `form` (a template) does.
    """

    label: str | Promise
    accept: Callable[[str, str], tuple[str, str]]
    help: str | Promise = ""
    icon: str = "send"
    form: str = ""
    for_team: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelEntry:
    """A channel as people choose it. With `own_address` every account has it: no destination needs to be set up.

    `counts`: its messages say how many things are open.
    """

    name: str
    label: str | Promise
    order: int
    channel: Channel
    own_address: bool = False
    counts: bool = False
    setup: Setup | None = None


_channels: dict[str, ChannelEntry] = {}
_groups: dict[str, Group] = {}
_kinds: dict[str, Kind] = {}


def register_channel(entry: ChannelEntry) -> None:
    """Add a channel; called from the ready() of the app that has it."""
    _channels[entry.name] = entry


def register_group(group: Group) -> None:
    """Add a group; called from the ready() of the app whose kinds it holds."""
    _groups[group.name] = group


def register_kind(kind: Kind) -> None:
    """Add a kind; called from the ready() of the app that sends it."""
    _kinds[kind.name] = kind


def channels() -> list[ChannelEntry]:
    """Every channel, in order."""
    return sorted(_channels.values(), key=lambda entry: entry.order)


def channel(name: str) -> ChannelEntry | None:
    """The channel with this name; None if no app registered it (any longer)."""
    return _channels.get(name)


def groups() -> list[Group]:
    """Every group, in order."""
    return sorted(_groups.values(), key=lambda group: group.order)


def groups_of(role: str) -> list[Group]:
    """The groups that people with this role can get, in order."""
    return [group for group in groups() if role in group.roles]


def group(name: str) -> Group:
    """The group with this name; raises KeyError."""
    return _groups[name]


def kind(name: str) -> Kind | None:
    """The kind with this name; None if no app registered it (any longer)."""
    return _kinds.get(name)


def line_of(row: Notification) -> str:
    """What a message is about, in the active language."""
    found = kind(row.kind)
    return found.line(row) if found is not None else row.subject or row.about


def counted(row: Notification, count: int) -> str:
    """What so many messages like this one are about, in the active language."""
    found = kind(row.kind)
    if found is not None and found.counted is not None:
        return found.counted(row, count)
    return ngettext("%(n)s alert", "%(n)s alerts", count) % {"n": count}


def since(row: Notification) -> datetime:
    """When what a message is about began."""
    found = kind(row.kind)
    return found.since(row) if found is not None and found.since is not None else row.created_at


def kinds_of(group: str, *, at_center: bool = False) -> list[Kind]:
    """The kinds that people choose in a group, in the order in which they were registered; or people of centers."""
    own = [kind for kind in _kinds.values() if kind.group == group and not kind.to_contacts]
    return [kind for kind in own if not (at_center and kind.for_team)]


def kinds() -> list[Kind]:
    """Every kind, by the order of its group."""
    return sorted(_kinds.values(), key=lambda kind: (_groups[kind.group].order, kind.name))
