"""A browser's side of a push subscription: the key that only it has."""

import base64
import json

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def encoded(data: bytes) -> str:
    """URL-safe base64 without padding, as in everything about push."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Subscriber:
    """Holds the private key of a subscription."""

    auth = b"0123456789abcdef"

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def subscription(self, endpoint: str) -> str:
        """What the browser gives the page, as JSON."""
        keys = {"p256dh": encoded(self.point), "auth": encoded(self.auth)}
        return json.dumps({"endpoint": endpoint, "expirationTime": None, "keys": keys})

    def read(self, body: bytes) -> bytes:
        """What the service worker gets of a message that arrived."""
        plain: bytes = http_ece.decrypt(
            body, private_key=self.key, auth_secret=self.auth, version="aes128gcm"
        )
        return plain
