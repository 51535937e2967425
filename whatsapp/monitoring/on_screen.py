"""Which numbers someone looks at right now: they are checked more often."""

import time
from collections.abc import Iterable
from typing import cast

import redis
import structlog

from centers import live

SECONDS = 60  # a page that stays open asks again within this time
MOST = 200

log = structlog.get_logger(__name__)


def note_on_screen(reseller_id: int, instance_pks: Iterable[int]) -> None:
    """Remember for SECONDS that a page shows these numbers; the first MOST of them."""
    until = time.time() + SECONDS
    shown = dict.fromkeys([str(pk) for pk in instance_pks][:MOST], until)
    if not shown:
        return
    try:
        pipe = live.valkey().pipeline(transaction=False)
        pipe.zadd(_key(reseller_id), shown)
        pipe.expire(_key(reseller_id), SECONDS)
        pipe.execute()
    except redis.RedisError as error:
        log.warning("on_screen_not_noted", error=type(error).__name__)


def on_screen(reseller_id: int) -> list[int]:
    """Keys of the numbers that a page shows; none while Valkey cannot be asked."""
    try:
        found = cast(list[bytes], live.valkey().zrangebyscore(_key(reseller_id), time.time(), "+inf"))
        return [int(pk) for pk in found]
    except redis.RedisError:
        return []


def _key(reseller_id: int) -> str:
    return f"markaz:on_screen:{reseller_id}"
