"""Login tokens: JSON Web Tokens signed with HS256 (RFC 7519, RFC 7515)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from datetime import datetime, timedelta
from typing import Any

_HEADER = {"alg": "HS256", "typ": "JWT"}


class TokenError(Exception):
    """The token is missing, forged, expired, revoked or another account's; the message states which."""


class TokenOffice:
    """Issues and checks tokens. Uses wall time: moving the sandbox's clock expires no login."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self._revoked: set[str] = set()

    def issue(self, *, subject: str, account_key: str, now: datetime, minutes: int) -> str:
        """A token for one account that ends after `minutes`."""
        claims = {
            "sub": subject,
            "acc": hashlib.sha256(account_key.encode()).hexdigest(),
            "iat": int(now.timestamp()),
            "exp": int((now + timedelta(minutes=minutes)).timestamp()),
            "jti": secrets.token_hex(8),
        }
        signed = f"{_encode(_dump(_HEADER))}.{_encode(_dump(claims))}"
        return f"{signed}.{_encode(self._signature(signed))}"

    def check(self, token: str, *, account_key: str, now: datetime) -> None:
        """Raise TokenError unless `token` is valid and belongs to the account."""
        claims = self._claims(token)
        if token in self._revoked:
            raise TokenError("Token has been revoked")
        if now.timestamp() >= claims["exp"]:
            raise TokenError("Token has expired")
        if claims["acc"] != hashlib.sha256(account_key.encode()).hexdigest():
            raise TokenError("Token belongs to another account")

    def revoke(self, token: str) -> None:
        """Revoke a token before it expires."""
        self._revoked.add(token)

    def _claims(self, token: str) -> dict[str, Any]:
        signed, _, signature = token.rpartition(".")
        try:
            genuine = hmac.compare_digest(_decode(signature), self._signature(signed))
            claims = json.loads(_decode(signed.split(".")[1])) if genuine else None
        except (ValueError, IndexError) as error:
            raise TokenError("Token is not valid") from error
        if not isinstance(claims, dict):
            raise TokenError("Token is not valid")
        return claims

    def _signature(self, signed: str) -> bytes:
        return hmac.new(self.secret.encode(), signed.encode(), hashlib.sha256).digest()


def _dump(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
