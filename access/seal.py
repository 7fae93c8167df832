"""Secrets that must be read again are kept sealed under the master key; others are only hashed."""

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class WrongSeal(Exception):
    """It was sealed under another master key, for something else, or was changed since."""


class Seal:
    """AES-256-GCM under a key of its own, derived from the master key (32 bytes) and a purpose."""

    def __init__(self, master_key: bytes, purpose: str) -> None:
        self._key = hmac.digest(master_key, f"lms {purpose}".encode(), "sha256")
        self._aead = AESGCM(self._key)

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """Seals `plain`, bound to `context`: it opens nowhere else."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, plain, context)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """The plain bytes. Raises `WrongSeal`."""
        try:
            return self._aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context)
        except InvalidTag:
            raise WrongSeal("It was sealed under another master key.") from None

    def fingerprint(self, text: str, context: bytes) -> bytes:
        """A keyed hash (32 bytes), worthless to whoever has the database but not the key."""
        message = context + b"\x00" + text.encode(errors="surrogatepass")
        return hmac.digest(self._key, message, "sha256")
