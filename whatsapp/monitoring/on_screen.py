"""Which numbers someone looks at right now: they are checked more often."""

from collections.abc import Iterable
from typing import cast

import redis
import structlog

from centers import live

SECONDS = 60  # a page that stays open asks again within this time
MOST = 200

# By Valkey's clock: the machine that shows a page and the one that sweeps may be further apart than SECONDS.
_NOTE = """
local until_then = redis.call('TIME')[1] + ARGV[1]
for pk in string.gmatch(ARGV[2], '%d+') do redis.call('ZADD', KEYS[1], until_then, pk) end
redis.call('EXPIRE', KEYS[1], ARGV[1])
"""
_SHOWN = "return redis.call('ZRANGEBYSCORE', KEYS[1], redis.call('TIME')[1], '+inf')"

log = structlog.get_logger(__name__)


def note_on_screen(reseller_id: int, instance_pks: Iterable[int]) -> None:
    """Remember for SECONDS that a page shows these numbers; the first MOST of them."""
    shown = list(dict.fromkeys(instance_pks))[:MOST]
    if not shown:
        return
    try:
        live.valkey().eval(_NOTE, 1, _key(reseller_id), SECONDS, " ".join(map(str, shown)))
    except redis.RedisError as error:
        log.warning("on_screen_not_noted", error=type(error).__name__)


def on_screen(reseller_id: int) -> list[int]:
    """Keys of the numbers that a page shows; none while Valkey cannot be asked."""
    try:
        found = cast(list[bytes], live.valkey().eval(_SHOWN, 1, _key(reseller_id)))
        return [int(pk) for pk in found]
    except redis.RedisError:
        return []


def _key(reseller_id: int) -> str:
    return f"markaz:on_screen:{reseller_id}"
