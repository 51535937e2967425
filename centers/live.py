"""Hints to open pages that something of a tenant changed; the hint itself carries no data.

`config/asgi.py` listens on the channel and passes hints on as server-sent events; the page then fetches the
fragment through its ordinary, permission-checked view.
"""

import json
import time
from functools import cache
from urllib.parse import urlsplit

import redis
import structlog
from django.conf import settings
from django.core import signing
from django.db import transaction

# All databases of one Valkey share its channels: the number keeps several installs on a server apart.
CHANNEL = "markaz:live:" + (urlsplit(settings.REDIS_URL).path.strip("/") or "0")
TOKEN_SALT = "markaz.live"  # noqa: S105  # a name, not a secret
TOKEN_SECONDS = 600

log = structlog.get_logger(__name__)


@cache
def valkey() -> redis.Redis:
    """The process's connection pool to Valkey."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5)


def publish(reseller_id: int, *topics: str, centers: tuple[int, ...] = ()) -> None:
    """After the current transaction commits, hint to the tenant's open pages that `topics` changed.

    Topics: "instances", "alerts", "billing", "jobs", "centers", "pairing". Portal pages hear only hints
    that name their center in `centers`. A hint that cannot be sent is logged and dropped: pages ask every 15 s.
    """
    transaction.on_commit(lambda: _send(reseller_id, topics, centers), robust=True)


def version_key(reseller_id: int, center_id: int | None = None) -> str:
    """Valkey key of the stamp that changes with every hint to pages of this tenant (or center)."""
    return f"markaz:live:v:{reseller_id}" + (f":{center_id}" if center_id else "")


def make_token(reseller_id: int, center_id: int | None = None) -> str:
    """A signed address token for the stream, valid for TOKEN_SECONDS; it gives access to hints, never to data."""
    return signing.dumps([reseller_id, center_id], salt=TOKEN_SALT, compress=False)


def read_token(token: str) -> tuple[int, int | None]:
    """(reseller id, center id or None) of a valid token; raises signing.BadSignature."""
    reseller_id, center_id = signing.loads(token, salt=TOKEN_SALT, max_age=TOKEN_SECONDS)
    return int(reseller_id), None if center_id is None else int(center_id)


def token_seconds_left(token: str) -> float:
    """How long a token that `read_token` accepted remains valid."""
    signed_at = signing.b62_decode(token.rsplit(":", 2)[1])
    return signed_at + TOKEN_SECONDS - time.time()


def stamp(reseller_id: int, center_id: int | None = None) -> str:
    """The stamp at rendering time, so a page notices changes made before its stream opens; "" if unknown."""
    try:
        value = valkey().get(version_key(reseller_id, center_id))
    except redis.RedisError as error:
        log.warning("live_stamp_unread", error=type(error).__name__)
        return ""
    return str(int(value)) if isinstance(value, bytes) else "0"


def _send(reseller_id: int, topics: tuple[str, ...], centers: tuple[int, ...]) -> None:
    try:
        pipe = valkey().pipeline(transaction=False)
        pipe.incr(version_key(reseller_id))
        for center in centers:
            pipe.incr(version_key(reseller_id, center))
        stamps = dict(zip(("", *map(str, centers)), pipe.execute(), strict=True))
        valkey().publish(CHANNEL, json.dumps({"r": reseller_id, "t": list(topics), "v": stamps}))
    except redis.RedisError as error:
        log.warning("live_hint_dropped", error=type(error).__name__)
