"""Running Lua scripts at Valkey, several in one round trip."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast

import redis
from redis.exceptions import NoScriptError


@dataclass(frozen=True, slots=True)
class Script:
    """A script with its keys and arguments; what is bytes already is sent as it is, and costs less."""

    source: str
    keys: Sequence[str | bytes]
    args: Sequence[str | int | float | bytes]


def as_sent(values: Iterable[str | int | float]) -> list[bytes]:
    """Keys or arguments that are sent again and again, in the form in which they are sent."""
    return [str(value).encode() for value in values]


def run(valkey: redis.Redis, scripts: Sequence[Script]) -> list[list[int]]:
    """The replies in order, from one round trip. Raises redis.RedisError.

    A Valkey that does not know the scripts (it was restarted or emptied of them) learns them, and only those that it
    did not run are run again.
    """
    replies = _send(valkey, scripts)
    missed = [place for place, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
    if missed:
        for source in {scripts[place].source for place in missed}:
            valkey.script_load(source)
        again = _send(valkey, [scripts[place] for place in missed])
        for place, reply in zip(missed, again, strict=True):
            replies[place] = reply
    for reply in replies:
        if isinstance(reply, Exception):
            raise reply
    return cast(list[list[int]], replies)


def _send(valkey: redis.Redis, scripts: Sequence[Script]) -> list[object]:
    pipe = valkey.pipeline(transaction=False)
    for script in scripts:
        pipe.evalsha(_sha(script.source), len(script.keys), *script.keys, *script.args)
    return cast(list[object], pipe.execute(raise_on_error=False))


@cache
def _sha(source: str) -> str:
    return hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()
