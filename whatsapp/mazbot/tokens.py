"""An account's token, shared by all processes through Valkey, and the lock that keeps logins to one at a time."""

import base64
import json
import uuid
from dataclasses import dataclass, field

import redis
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .config import AccountConfig
from .errors import ErrorKind, MazBotError

TOKEN_LIFE = 50 * 60  # seconds; MazBot's tokens live about 60 minutes
PREFIX_LIFE = 30 * 24 * 3600
# Seconds until refused credentials are tried again: three logins in the first hour, then one an hour. MazBot must not
# lock the account because of us; saved settings have a new version and are tried at once.
REFUSAL_LIVES = (20 * 60, 20 * 60, 60 * 60)
REFUSALS_KEPT = 24 * 3600

# Delete or extend only a value that is still ours.
_DROP = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0"
_EXTEND = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('PEXPIRE', KEYS[1], ARGV[2]) or 0"


@dataclass(frozen=True, slots=True)
class Pass:
    """A token, the locale prefix of its login, and the sealed form of both in Valkey."""

    token: str = field(repr=False)
    prefix: str
    sealed: bytes = field(repr=False)


class TokenStore:
    """Tokens sealed with a key derived from the account's credentials: Valkey alone does not reveal them."""

    def __init__(self, valkey: redis.Redis, config: AccountConfig) -> None:
        self._valkey = valkey
        base = f"mazbot:{{{config.key}}}"
        self._token_key = f"{base}:token:{config.version}"
        self._prefix_key = f"{base}:prefix:{config.version}"
        self._refusal_key = f"{base}:refusal:{config.version}"
        self._refusals_key = f"{base}:refusals:{config.version}"
        self._lock_key = f"{base}:login:{config.version}"
        self._fernet = Fernet(_sealing_key(config))
        self._drop = valkey.register_script(_DROP)
        self._extend = valkey.register_script(_EXTEND)

    def read(self, known: Pass | None = None) -> Pass | None:
        """The shared token, if there is one that can be unsealed; `known` itself if it is still that one."""
        sealed = _as_bytes(self._valkey.get(self._token_key))
        if sealed is None:
            return None
        if known is not None and known.sealed == sealed:
            return known
        try:
            content = json.loads(self._fernet.decrypt(sealed))
        except InvalidToken:
            return None
        return Pass(token=content["token"], prefix=content["prefix"], sealed=sealed)

    def write(self, token: str, prefix: str) -> Pass:
        """Share a new token, and remember the prefix for longer."""
        sealed = self._fernet.encrypt(json.dumps({"token": token, "prefix": prefix}).encode())
        self._valkey.set(self._token_key, sealed, ex=TOKEN_LIFE)
        self._valkey.set(self._prefix_key, prefix, ex=PREFIX_LIFE)
        self._valkey.delete(self._refusal_key, self._refusals_key)
        return Pass(token=token, prefix=prefix, sealed=sealed)

    def restore(self, known: Pass, seconds: float) -> None:
        """Share a token again that Valkey has lost; it is valid for this many seconds more."""
        self._valkey.set(self._token_key, known.sealed, ex=max(1, int(seconds)), nx=True)

    def drop(self, used: Pass) -> None:
        """Delete the token unless another process has already replaced it."""
        self._drop(keys=[self._token_key], args=[used.sealed])

    def prefix(self) -> str | None:
        """The locale prefix of the last login that worked."""
        known = _as_bytes(self._valkey.get(self._prefix_key))
        return None if known is None else known.decode()

    def refuse(self, error: MazBotError) -> None:
        """Remember that these credentials were refused, for longer each time."""
        text = json.dumps({"kind": error.kind, "message": error.message, "status": error.status_code})
        times = self._valkey.incr(self._refusals_key)
        self._valkey.expire(self._refusals_key, REFUSALS_KEPT)
        self._valkey.set(self._refusal_key, text, ex=REFUSAL_LIVES[min(times, len(REFUSAL_LIVES)) - 1])

    def refusal(self) -> MazBotError | None:
        """Why the last login was refused, and in how many seconds the next one may be tried; None: now."""
        known = _as_bytes(self._valkey.get(self._refusal_key))
        if known is None:
            return None
        content = json.loads(known)
        return MazBotError(
            ErrorKind(content["kind"]),
            content["message"],
            status_code=content["status"],
            retry_after=float(max(1, int(self._valkey.ttl(self._refusal_key)))),
        )

    def lock(self, seconds: float) -> "LoginLock | None":
        """Take the lock for the login for this many seconds; None while another process has it."""
        owner = uuid.uuid4().hex
        taken = self._valkey.set(self._lock_key, owner, nx=True, px=int(seconds * 1000))
        return LoginLock(self, owner) if taken else None

    def extend(self, owner: str, seconds: float) -> None:
        """Renew the lock for this many seconds, if it is still the owner's."""
        self._extend(keys=[self._lock_key], args=[owner, int(seconds * 1000)])

    def unlock(self, owner: str) -> None:
        """Release the lock, if it is still the owner's."""
        self._drop(keys=[self._lock_key], args=[owner])


@dataclass(frozen=True, slots=True)
class LoginLock:
    """The one login in flight of an account."""

    store: TokenStore
    owner: str

    def extend(self, seconds: float) -> None:
        self.store.extend(self.owner, seconds)

    def release(self) -> None:
        self.store.unlock(self.owner)


def _sealing_key(config: AccountConfig) -> bytes:
    secret = json.dumps([config.api_key, config.email, config.password]).encode()
    info = f"markaz mazbot token {config.key} {config.version}".encode()
    return base64.urlsafe_b64encode(HKDF(SHA256(), 32, salt=None, info=info).derive(secret))


def _as_bytes(value: object) -> bytes | None:
    """Valkey's answer as bytes, also from a connection that decodes answers."""
    if isinstance(value, str):
        return value.encode()
    return value if isinstance(value, bytes) else None
