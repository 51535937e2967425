"""Apprise behind the guard: its plugins send through `centers.outbound`, and only those of a list are loaded at all.

A plugin calls `requests.post` and the like by the name `requests` of its module. That name is replaced by an object
that has only what these plugins need, once, when the module is loaded. Nothing else in this process changes, and
threads share nothing: each call has its own record.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from typing import Any

import requests
from apprise import AppriseAsset
from apprise.plugins.base import NotifyBase
from requests.structures import CaseInsensitiveDict

from centers.outbound.requesting import Answer, RequestFailed, send

TOTAL = 25.0  # seconds for one message, all requests together
MOST_REQUESTS = 8  # a plugin signs in, finds a room, sends; more would be a loop

#: Module and class of each service. None of them runs a program, opens a socket or imports another client:
#: tests/centers/notifications/channels/test_apprise_sources.py reads their source.
_PLUGINS = {
    "slack": "NotifySlack", "telegram": "NotifyTelegram", "discord": "NotifyDiscord", "workflows": "NotifyWorkflows",
    "google_chat": "NotifyGoogleChat", "webexteams": "NotifyWebexTeams", "zulip": "NotifyZulip",
    "ntfy": "NotifyNtfy", "gotify": "NotifyGotify", "matrix.base": "NotifyMatrix", "mattermost": "NotifyMattermost",
    "rocketchat": "NotifyRocketChat", "signal_api": "NotifySignalAPI", "bark": "NotifyBark",
    "pushover": "NotifyPushover", "pushbullet": "NotifyPushBullet", "prowl": "NotifyProwl",
    "pagerduty": "NotifyPagerDuty", "opsgenie": "NotifyOpsgenie", "lark": "NotifyLark", "line": "NotifyLine",
}  # fmt: skip

Plugin = type[NotifyBase]


@dataclass(slots=True)
class Call:
    """What one message sent: the answers, or why there is none."""

    ends_at: float = field(default_factory=lambda: time.monotonic() + TOTAL)
    answers: list[Answer] = field(default_factory=list)
    failure: RequestFailed | None = None

    @property
    def is_over(self) -> bool:
        """Whether the plugin may send nothing more. After a 429 it would try again at once; the retry is ours."""
        return len(self.answers) >= MOST_REQUESTS or any(one.status == 429 for one in self.answers)


_call: ContextVar[Call | None] = ContextVar("apprise_call", default=None)


@contextmanager
def recorded() -> Iterator[Call]:
    """Let plugins of this thread send while the context is open, and record it."""
    call = Call()
    token = _call.set(call)
    try:
        yield call
    finally:
        _call.reset(token)


class GuardedRequests:
    """Stands in for the module `requests` inside a plugin."""

    codes = requests.codes
    exceptions = requests.exceptions
    RequestException = requests.RequestException
    TooManyRedirects = requests.TooManyRedirects

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        """Send through the guard. Options for redirects, time-outs, certificates and proxies have no effect."""
        call = _call.get()
        left = call.ends_at - time.monotonic() if call else 0.0
        if call is None or left <= 0 or call.is_over or options.get("files"):
            raise requests.RequestException("not sent: outside a call, over its limits, or with a file")
        content = {name: options.get(name) for name in ("data", "json", "params", "auth")}
        try:
            answer = send(method, url, total=left, headers=options.get("headers"), **content)
        except RequestFailed as failure:
            call.failure = failure
            raise requests.ConnectionError(str(failure)) from failure
        call.answers.append(answer)
        return _as_response(answer)

    def get(self, url: str, params: Any = None, **options: Any) -> requests.Response:
        return self.request("GET", url, params=params, **options)

    def post(self, url: str, data: Any = None, json: Any = None, **options: Any) -> requests.Response:
        return self.request("POST", url, data=data, json=json, **options)

    def put(self, url: str, data: Any = None, **options: Any) -> requests.Response:
        return self.request("PUT", url, data=data, **options)

    def delete(self, url: str, **options: Any) -> requests.Response:
        return self.request("DELETE", url, **options)


def _as_response(answer: Answer) -> requests.Response:
    """Without its headers: plugins sleep by them, and here the retry is ours."""
    response = requests.Response()
    response.status_code = answer.status
    response._content, response._content_consumed = answer.body, True  # type: ignore[attr-defined]
    response.headers = CaseInsensitiveDict()
    response.encoding = "utf-8"
    return response


@lru_cache(maxsize=1)
def plugins() -> dict[str, Plugin]:
    """Scheme -> the plugin's class, with its requests guarded."""
    found: dict[str, Plugin] = {}
    for module, name in _PLUGINS.items():
        loaded: Any = import_module(f"apprise.plugins.{module}")
        loaded.requests = GuardedRequests()
        plugin: Plugin = getattr(loaded, name)
        for schemes in (plugin.protocol, plugin.secure_protocol):
            found |= dict.fromkeys((schemes,) if isinstance(schemes, str) else schemes or (), plugin)
    return found


@lru_cache(maxsize=1)
def asset() -> AppriseAsset:
    """Nothing stored on disk, no pictures from elsewhere, no emojis or escapes read into the text."""
    return AppriseAsset(
        app_id="Markaz",
        app_desc="Markaz",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        image_path_mask="",
        async_mode=False,
        interpret_emojis=False,
        interpret_escapes=False,
        http_redirects=False,
        secure_logging=True,
        storage_mode="memory",
    )
