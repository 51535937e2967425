"""Checking webhook signatures: HMAC-SHA256 of the raw body, in every form seen in MazBot's header."""

import base64
import binascii
import hashlib
import hmac
import re

MAX_HEADER = 1000
_HEX = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)


def is_signed(*, body: bytes, header: str, secret: str) -> bool:
    """Whether `header` contains the signature of `body`; always False for an empty secret.

    Forms: hex, `sha256=` and hex, base64, and `t=…,v1=…`, whose signature is over `t`, a dot and the body, or
    over the body alone. Every comparison takes constant time.
    """
    if not secret or not header or len(header) > MAX_HEADER:
        return False
    key = secret.encode()
    plain = hmac.new(key, body, hashlib.sha256).digest()
    parts = _parts(header)
    if "v1" in parts:
        timed = hmac.new(key, parts.get("t", "").encode() + b"." + body, hashlib.sha256).digest()
        given = _digest(parts["v1"])
        return hmac.compare_digest(given, timed) | hmac.compare_digest(given, plain)
    return hmac.compare_digest(_digest(parts.get("sha256", header.strip())), plain)


def _parts(header: str) -> dict[str, str]:
    """`t=1,v1=ab` as a dict. Base64 may end in `=`, so only known names count."""
    pairs = (part.strip().partition("=") for part in header.split(","))
    return {name: value.strip() for name, _sign, value in pairs if name in ("t", "v1", "sha256")}


def _digest(text: str) -> bytes:
    """The 32 bytes of a signature; empty bytes for anything else."""
    if _HEX.fullmatch(text):
        return bytes.fromhex(text)
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    # Only the canonical spelling: base64 has unused bits at its end that decoding ignores.
    return decoded if len(decoded) == 32 and base64.b64encode(decoded).decode() == text else b""
