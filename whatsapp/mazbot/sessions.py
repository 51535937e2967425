"""HTTP sessions: one per account and process."""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable

import requests

from centers.outbound.connections import guarded_session

# More than a sweep worker has accounts: one dropped too early costs its account a new connection per request.
MOST_SESSIONS = 1000

# Connections kept of a session: with a high limit and slow answers an account has many requests at once, and each
# beyond these would open and close one of its own. As many as a sweep has senders.
MOST_AT_ONCE = 256

#: (host of the account, an address it currently resolves to) -> whether that may be called.
MayCall = Callable[[str, str], bool]

_may_call: MayCall | None = None


def guard_connections(may_call: MayCall | None) -> None:
    """From now on connect only to hosts whose every address `may_call` accepts; None removes the guard."""
    global _may_call  # noqa: PLW0603  # one rule for the process, set at its start
    _may_call = may_call


def new_session() -> requests.Session:
    """A session that connects only where the guard allows it."""
    return guarded_session(_may_connect, at_once=MOST_AT_ONCE)


def _may_connect(host: str, _port: int, address: str) -> bool:
    return _may_call is None or _may_call(host, address)


class SessionRegistry:
    """The sessions of this process, the least recently used dropped first."""

    def __init__(self, most: int = MOST_SESSIONS) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._sessions: OrderedDict[str, tuple[str, requests.Session]] = OrderedDict()

    def get(self, account: str, version: str) -> requests.Session:
        """The account's session; a new account version drops the connections of the old one."""
        with self._lock:
            known = self._sessions.pop(account, None)
            if known and known[0] != version:
                known[1].close()
                known = None
            entry = known or (version, new_session())
            self._sessions[account] = entry
            while len(self._sessions) > self._most:
                self._sessions.popitem(last=False)[1][1].close()
            return entry[1]

    def forget(self) -> None:
        """Forget all sessions without closing them: after a fork the connections belong to the parent."""
        self._lock = threading.Lock()
        self._sessions = OrderedDict()


sessions = SessionRegistry()
os.register_at_fork(after_in_child=sessions.forget)
