"""Secrets that must be read again are kept sealed under a wrapping key; others are only hashed.

What is sealed begins with the id of its wrapping key, so that a rotation finds what is left to be
sealed anew. What the first key has sealed begins with none.
"""

import hmac
import os
from typing import Final, NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12
MARK: Final = b"lms/"
FIRST: Final = "first"
ID_BYTES: Final = 8
PREFIX_BYTES: Final = len(MARK) + ID_BYTES


class WrongSeal(ValueError):
    """It was sealed under another key, for something else, or was changed since."""


class CurrentKey(Protocol):
    """A wrapping key: 32 bytes, and 16 hexadecimal digits or `first` to call them by."""

    @property
    def key_id(self) -> str: ...

    @property
    def key(self) -> bytes: ...


class Keyring(Protocol):
    """Wrapping keys, by their ids."""

    def current(self) -> CurrentKey:
        """The one to seal with."""

    def key(self, key_id: str | None) -> bytes:
        """The one of that id."""


class OneKey(NamedTuple):
    """A keyring of one key that is never rotated."""

    only: bytes

    def current(self) -> "OnlyKey":
        return OnlyKey(FIRST, self.only)

    def key(self, key_id: str | None) -> bytes:
        if key_id != FIRST:
            raise WrongSeal("It was sealed under another key.")
        return self.only


class OnlyKey(NamedTuple):
    key_id: str
    key: bytes


class Seal:
    """AES-256-GCM under keys of its own, derived from wrapping keys (32 bytes each) and a purpose.

    Without a purpose it is the wrapping keys themselves that seal.
    """

    def __init__(self, keys: bytes | Keyring, purpose: str | None) -> None:
        self._keys: Keyring = OneKey(keys) if isinstance(keys, bytes) else keys
        self._purpose = purpose

    def seal(self, plain: bytes, context: bytes) -> bytes:
        """Seals `plain`, bound to `context`: it opens nowhere else."""
        current = self._keys.current()
        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(self._derived(current.key)).encrypt(nonce, plain, context)
        return prefix_of(current.key_id) + nonce + sealed

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """The plain bytes. Raises `WrongSeal`."""
        key_id = sealed_under(sealed)
        raw = sealed if key_id == FIRST else sealed[PREFIX_BYTES:]
        aead = AESGCM(self._derived(self._keys.key(key_id)))
        try:
            return aead.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], context)
        except InvalidTag:
            raise WrongSeal("It was sealed under another key.") from None

    def resealed(self, sealed: bytes, context: bytes) -> bytes:
        """The same under the present key. Raises `WrongSeal`."""
        return self.seal(self.open(sealed, context), context)

    def _derived(self, key: bytes) -> bytes:
        return derived(key, self._purpose) if self._purpose else key


class Fingerprints:
    """Keyed hashes, worthless to whoever has the database but not the key (32 bytes)."""

    def __init__(self, key: bytes, purpose: str) -> None:
        self._key = derived(key, purpose)

    def of(self, text: str, context: bytes) -> bytes:
        """32 bytes."""
        message = context + b"\x00" + text.encode(errors="surrogatepass")
        return hmac.digest(self._key, message, "sha256")


def derived(key: bytes, purpose: str) -> bytes:
    """The key (32 bytes) that is used for nothing but this purpose."""
    return hmac.digest(key, f"lms {purpose}".encode(), "sha256")


def prefix_of(key_id: str) -> bytes:
    """What stands in front of everything that this wrapping key has sealed."""
    return b"" if key_id == FIRST else MARK + bytes.fromhex(key_id)


def sealed_under(sealed: bytes) -> str:
    """The id of the wrapping key. A first nonce looks like a mark once in four thousand million."""
    if not sealed.startswith(MARK):
        return FIRST
    return sealed[len(MARK) : PREFIX_BYTES].hex()
