"""Signs copies, so that whoever has the public key can tell ours from others."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_PURPOSE: Final = b"lms inspection signature"


class Signer:
    """An Ed25519 key that follows from a secret (32 bytes): nothing of it is stored."""

    def __init__(self, secret: bytes) -> None:
        seed = hmac.digest(secret, _PURPOSE, "sha256")
        self._private_key = Ed25519PrivateKey.from_private_bytes(seed)
        self._public_key = self._private_key.public_key()

    @property
    def jwk(self) -> dict[str, str]:
        """The public key as a JSON Web Key (RFC 8037), with its thumbprint (RFC 7638) as id."""
        members = {"crv": "Ed25519", "kty": "OKP", "x": _text(self._public_key.public_bytes_raw())}
        canonical = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
        return {**members, "kid": _text(hashlib.sha256(canonical).digest()), "alg": "EdDSA"}

    @property
    def kid(self) -> str:
        """The key's id."""
        return self.jwk["kid"]

    @property
    def pem(self) -> bytes:
        """The public key as a PEM file."""
        return self._public_key.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def sign(self, message: bytes) -> bytes:
        """The signature (64 bytes)."""
        return self._private_key.sign(message)


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
