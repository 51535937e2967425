"""Who works on which reseller's account: leases in Valkey that die with their holder."""

import uuid
from collections.abc import Iterable, Sequence

import redis

from whatsapp.mazbot import Script, run_scripts

SECONDS = (
    6.0  # renewed every RENEW_SECONDS; with the tick that hands accounts out, others take over within 10 s
)
RENEW_SECONDS = 2.0
SWEEP = "sweep"

# 1: the lease is the caller's, for ARGV[2] milliseconds more; 0: another process has it. One that was lost with
# Valkey's data is taken again.
_RENEW = """
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_RELEASE = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0"


class Leases:
    """The leases of one holder for one kind of work; each lasts `seconds` from its last renewal.

    Every method raises redis.RedisError when Valkey cannot be reached.
    """

    def __init__(self, valkey: redis.Redis, *, work: str = SWEEP, seconds: float = SECONDS) -> None:
        self._valkey = valkey
        self._work = work
        self._milliseconds = int(seconds * 1000)
        self._owner = uuid.uuid4().hex

    def take(self, reseller_id: int) -> bool:
        """Take the account's lease, or renew one's own; False while another process has it."""
        return not self.renew([reseller_id])

    def renew(self, reseller_ids: Sequence[int]) -> set[int]:
        """Renew these leases in one round trip; return those that another process has."""
        arguments: list[str | int | float] = [self._owner, self._milliseconds]
        scripts = [Script(_RENEW, [_key(self._work, pk)], arguments) for pk in reseller_ids]
        if not scripts:
            return set()
        replies = run_scripts(self._valkey, scripts)
        return {pk for pk, mine in zip(reseller_ids, replies, strict=True) if not mine}

    def release(self, reseller_ids: Iterable[int]) -> None:
        """Give these leases back."""
        scripts = [Script(_RELEASE, [_key(self._work, pk)], [self._owner]) for pk in reseller_ids]
        if scripts:
            run_scripts(self._valkey, scripts)


def unleased(valkey: redis.Redis, reseller_ids: Sequence[int], *, work: str = SWEEP) -> list[int]:
    """Those of the accounts on which no process does this kind of work. Raises redis.RedisError."""
    if not reseller_ids:
        return []
    held = valkey.mget([_key(work, pk) for pk in reseller_ids])
    return [pk for pk, owner in zip(reseller_ids, held, strict=True) if owner is None]


def _key(work: str, reseller_id: int) -> str:
    return f"markaz:{work}:{reseller_id}"
