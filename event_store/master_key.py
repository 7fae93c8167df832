"""The master key: it wraps the wrapping keys, and nothing else. Wherever it is, it looks alike.

The one here is known to this program: it comes from the environment or a file. Others, in a key
management service, are adapters.
"""

import hashlib
import os
from collections.abc import Sequence
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
KEY_BYTES = 32
KNOWN = "known:"
"""What the ids of master keys begin with that this program was given."""


class MasterKey(Protocol):
    """Wraps and unwraps keys of 32 bytes."""

    @property
    def key_id(self) -> str:
        """What it is called: the same in every process, another after it was replaced."""

    @property
    def first(self) -> bytes | None:
        """The key that wrapped everything before there were wrapping keys; None for a key that
        never leaves its service."""

    def opens(self, key_id: str) -> bool:
        """Whether what the master key of that id has wrapped may be opened with this one."""

    def wrap(self, plain: bytes, context: bytes) -> bytes:
        """Wraps a key, bound to `context`. Raises `ConnectionError` while it is out of reach."""

    def unwrap(self, key_id: str, wrapped: bytes, context: bytes) -> bytes:
        """Opens what the master key called `key_id` has wrapped.

        Raises `ConnectionError` while it is out of reach, `ValueError` for a key that isn't known
        or not its own.
        """


class KnownMasterKey:
    """32 bytes that this program was given; `former` ones still open what they have wrapped."""

    def __init__(self, key: bytes, former: Sequence[bytes] = ()) -> None:
        self._keys = {key_id_of(each): each for each in (key, *former)}
        self._key = key
        self._first = former[-1] if former else key

    def __repr__(self) -> str:
        return f"KnownMasterKey({self.key_id!r})"

    @property
    def key_id(self) -> str:
        return key_id_of(self._key)

    @property
    def first(self) -> bytes:
        return self._first

    def opens(self, key_id: str) -> bool:
        return key_id in self._keys

    def wrap(self, plain: bytes, context: bytes) -> bytes:
        return wrap(self._key, plain, context)

    def unwrap(self, key_id: str, wrapped: bytes, context: bytes) -> bytes:
        if key_id not in self._keys:
            raise ValueError(f"The master key {key_id} isn't among those given here.")
        return unwrap(self._keys[key_id], wrapped, context)


def key_id_of(key: bytes) -> str:
    """What a known master key is called: enough of its hash to tell it from others."""
    return KNOWN + hashlib.sha256(b"lms master key" + key).hexdigest()[:16]


def wrap(key: bytes, plain: bytes, context: bytes) -> bytes:
    """AES-256-GCM; the nonce stands in front."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, context)


def unwrap(key: bytes, wrapped: bytes, context: bytes) -> bytes:
    """The reverse of `wrap`. Raises `ValueError`."""
    try:
        return AESGCM(key).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], context)
    except InvalidTag:
        raise ValueError("It is wrapped by another master key.") from None
