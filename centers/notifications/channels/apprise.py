"""Slack, Telegram, Teams, Discord, ntfy and others by their Apprise addresses, such as tgram://token/chat."""

import re
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from centers.errors import OperationRefused
from centers.notifications.channels.answers import judged, refused
from centers.notifications.message import Accepted, ChannelError, Message
from centers.outbound.addresses import check_url
from centers.stored_messages import StoredMessage

# Apprise takes long to import, and only the process that sends needs it.
if TYPE_CHECKING:
    from apprise.plugins.base import NotifyBase

    from centers.notifications.channels.guarded_apprise import Call, Plugin

MAX_ADDRESS = 1000
#: A removed webhook or channel answers 404 at most services.
DEAD = frozenset({404, 410})
# Options that only choose where in the service, or how, a message appears. All others are refused: some read files
# (template), fetch addresses (attach, icon_url) or weaken the connection (verify, redirect).
OPTIONS = frozenset({
    "api-version", "auth", "botname", "channel", "channels", "class", "footer", "format", "from", "group", "id", "key",
    "level", "mode", "msgtype", "pa", "path", "powerautomate", "preview", "priority", "region", "route", "routeid",
    "severity", "sig", "silent", "sound", "tags", "team", "thread", "to", "token", "topic", "ver", "version",
    "webhook", "workspace", "wrap", "xtags",
})  # fmt: skip
# Modes of plugins that use the service's own host; in all others `host` is what the person entered.
_OWN_HOST = frozenset({"cloud", "t2bot"})
_SELF_HOSTED = frozenset({
    "ntfy", "ntfys", "gotify", "gotifys", "matrix", "matrixs", "mmost", "mmosts", "rocket", "rockets", "signal",
    "signals", "bark", "barks",
})  # fmt: skip
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)


class AppriseChannel:
    """Sends to `destination`, an Apprise address, or the https:// address of a webhook that the service shows."""

    @staticmethod
    def check(destination: str) -> str:
        """The address as it is stored. Raises OperationRefused with what is wrong with it."""
        _opened(destination.strip())
        return destination.strip()

    @staticmethod
    def service(destination: str) -> str:
        """The name of the service, for people. Raises OperationRefused."""
        return _name(_opened(destination))

    def send(self, message: Message, destination: str) -> Accepted:
        """Hand the message to the service. It knows no idempotency key, so a repetition may show twice."""
        from centers.notifications.channels.guarded_apprise import recorded

        with recorded() as call:
            try:
                plugin = _opened(destination)
            except OperationRefused as refusal:
                reason = StoredMessage("%(reason)s", {"reason": refusal.message})
                raise ChannelError(reason, permanent=True, dead=True) from refusal
            service, taken = _name(plugin), _notify(plugin, message)
            # Some sign out when they go, which needs the call.
            del plugin
        if taken and call.answers:
            return Accepted(answer=call.answers[-1].text)
        raise _failure(call, service)


def accept(address: str, _country: str) -> tuple[str, str]:
    """What is stored of an address that a person entered, and the service for people. Raises OperationRefused."""
    checked = AppriseChannel.check(address)
    return checked, AppriseChannel.service(checked)


def _opened(address: str) -> "NotifyBase":
    """The plugin for an address. Raises OperationRefused; connects to nothing."""
    from centers.notifications.channels.guarded_apprise import asset

    if len(address) > MAX_ADDRESS:
        raise OperationRefused(_("The address is longer than %(limit)s characters.") % {"limit": MAX_ADDRESS})
    if not address.isprintable() or re.search(r"[\s\\<>{}|^`]", address):
        raise OperationRefused(_("The address contains characters that aren't allowed."))
    kind, settings = _parsed(address)
    for options in ("qsd", "qsd+", "qsd-", "qsd:"):
        for name in settings.get(options) or ():
            if options != "qsd" or name.lower() not in OPTIONS:
                raise OperationRefused(
                    _("The option “%(name)s” isn't supported. Remove it from the address.")
                    % {"name": name[:40]}
                )
    if "e2ee" in kind.template_args:
        # Keys of a device would have to be stored between messages.
        settings["e2ee"] = "no"
    try:
        plugin = kind(**settings, asset=asset())
    except Exception as error:  # plugins raise TypeError and their own, and are read by no one here
        raise _unreadable() from error
    if len(plugin) != 1:
        raise OperationRefused(
            _("Enter an address with one recipient. Add another destination for each further one.")
        )
    _check_host(plugin, settings)
    plugin.throttle = _without_sleep  # type: ignore[method-assign]
    return plugin


def _without_sleep(*_: object, **__: object) -> None:
    """Instead of a plugin's throttle, which sleeps as long as the service says; the pace is ours."""


def _parsed(address: str) -> "tuple[Plugin, dict[str, Any]]":
    """The plugin's class and what it read from the address."""
    from centers.notifications.channels.guarded_apprise import plugins

    match = _SCHEME.match(address)
    scheme = match.group(1).lower() if match else ""
    known = plugins()
    if scheme == "https":
        for kind in dict.fromkeys(known.values()):
            settings = kind.parse_native_url(address)
            if settings:
                return kind, settings
    if not scheme:
        raise OperationRefused(
            _(
                "This isn't an address. Paste the whole one, with what comes before ://, such as https:// or tgram://."
            )
        )
    if scheme not in known:
        raise OperationRefused(
            _(
                "“%(scheme)s” isn't a supported service. Enter an Apprise address of Slack, Telegram, "
                "Teams, Discord, ntfy, Pushover, Matrix or another service on the list."
            )
            % {"scheme": scheme[:40]}
        )
    settings = known[scheme].parse_url(address)
    if not settings:
        raise _unreadable()
    return known[scheme], settings


def _check_host(plugin: "NotifyBase", settings: dict[str, Any]) -> None:
    """Refuse a server inside the network at once; every connection is checked again."""
    host, scheme = str(settings.get("host") or ""), str(settings.get("schema") or "").lower()
    if scheme not in _SELF_HOSTED or getattr(plugin, "mode", None) in _OWN_HOST or not host:
        return
    port = f":{settings['port']}" if settings.get("port") else ""
    shown = f"[{host.strip('[]')}]" if ":" in host else host
    check_url(f"{'https' if scheme.endswith('s') else 'http'}://{shown}{port}/")


def _notify(plugin: "NotifyBase", message: Message) -> bool:
    text = "\n\n".join([message.text, *(f"{action.label}: {action.url}" for action in message.actions)])
    try:
        return bool(
            plugin.notify(
                body=text,
                title=" ".join(message.subject.split()),
                notify_type="warning" if message.urgent else "info",
                body_format="text",
            )
        )
    except Exception:  # noqa: BLE001  # an answer of an unexpected form breaks a plugin in any way
        return False


def _failure(call: "Call", service: str) -> ChannelError:
    if call.failure:
        failure = call.failure
        return ChannelError(
            failure.reason, unsure=failure.unsure, permanent=failure.blocked, dead=failure.blocked
        )
    reason = refused(service)
    if not call.answers:
        return ChannelError(reason, permanent=True)
    last = call.answers[-1]
    try:
        judged(last, service=service, dead=DEAD)
    except ChannelError as error:
        return error
    return ChannelError(reason, answer=last.text)


def _name(plugin: "NotifyBase") -> str:
    return str(plugin.service_name)


def _unreadable() -> OperationRefused:
    return OperationRefused(
        _("The address can't be read. Compare it with the example of its service at Apprise.")
    )
