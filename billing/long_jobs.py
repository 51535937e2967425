"""One long job of a reseller at a time, over all processes: leases in Valkey, renewed by the process that works.

A lock of the database session would not do: a thread that waits for MazBot gives its connection back to the pool,
and the thread that gets it next has the lock.
"""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import redis

from centers import live

SECONDS = 30.0  # how long the lease of a worker that was killed lasts on
_RENEW_SECONDS = 8.0

# A lease that was lost with Valkey's data is taken again.
_RENEW = """
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_RELEASE = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0"


@contextmanager
def alone(reseller_id: int) -> Iterator[bool]:
    """Whether no other long job of the reseller runs; meanwhile none begins. False too while Valkey is away."""
    key, owner = f"markaz:long-job:{reseller_id}", uuid.uuid4().hex
    valkey = live.valkey()
    try:
        taken = bool(valkey.set(key, owner, nx=True, px=_milliseconds()))
    except redis.RedisError:
        taken = False
    if not taken:
        yield False
        return
    ended = threading.Event()
    renewing = threading.Thread(target=_renew, args=(key, owner, ended), name="long-job-lease", daemon=True)
    renewing.start()
    try:
        yield True
    finally:
        ended.set()
        renewing.join()
        with suppress(redis.RedisError):
            valkey.eval(_RELEASE, 1, key, owner)


def _renew(key: str, owner: str, ended: threading.Event) -> None:
    while not ended.wait(_RENEW_SECONDS):
        with suppress(redis.RedisError):
            live.valkey().eval(_RENEW, 1, key, owner, str(_milliseconds()))


def _milliseconds() -> int:
    return int(SECONDS * 1000)
