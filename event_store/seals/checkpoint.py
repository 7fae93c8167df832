"""A signed statement of how the log stood: so many events, this root, at this time.

Its public form is a C2SP checkpoint (c2sp.org/tlog-checkpoint), a signed note of lines of text:

    lms.example.com/log/3f2a9c01          origin: the log's name
    1042                                  tree size
    jGn8…=                                root, base64
    time 2026-11-24T10:00:00.123456Z      an extension line, signed like the others

    — lms.example.com/log/3f2a9c01 f/6xLh…=    4 bytes of key hash and the Ed25519 signature, base64
"""

import binascii
from base64 import b64decode, b64encode
from datetime import datetime
from hashlib import sha256
from typing import Self

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from event_store.seals.merkle import HASH_BYTES

_ED25519 = b"\x01"
_KEY_HASH_BYTES = 4
_LINES = 4


class NotACheckpoint(ValueError):
    """A text that hasn't the form of a checkpoint."""


class Checkpoint(msgspec.Struct, frozen=True):
    """What a note says; `note` is its whole text. Whether the signature holds is another matter."""

    origin: str
    size: int
    root: bytes
    signed_at: datetime
    note: str

    @classmethod
    def parse(cls, note: str) -> Self:
        """Reads a note. Raises NotACheckpoint."""
        text, _, signatures = note.partition("\n\n")
        lines = text.split("\n")
        try:
            origin, size, root = lines[0], int(lines[1]), b64decode(lines[2], validate=True)
            word, _, time = lines[3].partition(" ")
            signed_at = datetime.fromisoformat(time)
        except (ValueError, IndexError) as error:
            raise NotACheckpoint(f"It is no checkpoint: {error}.") from None
        is_whole = len(lines) == _LINES and word == "time" and lines[1] == str(size)
        if not is_whole or len(root) != HASH_BYTES or not signatures or size <= 0:
            raise NotACheckpoint("It is no checkpoint.")
        return cls(origin, size, root, signed_at, note)

    def is_signed_by(self, key: Ed25519PublicKey) -> bool:
        """Whether one of the note's signatures is this key's."""
        return is_signed(self.note, self.origin, key)


def sign_checkpoint(
    origin: str, size: int, root: bytes, at: datetime, key: Ed25519PrivateKey
) -> Checkpoint:
    """A checkpoint of the tree of that size; `at` is UTC."""
    time = at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    text = f"{origin}\n{size}\n{b64encode(root).decode()}\ntime {time}\n"
    return Checkpoint(origin, size, root, at, sign(text, origin, key))


def sign(text: str, name: str, key: Ed25519PrivateKey) -> str:
    """The text, which ends with a line break, as a signed note (c2sp.org/signed-note)."""
    signature = key_hash(name, key.public_key()) + key.sign(text.encode())
    return f"{text}\n\N{EM DASH} {name} {b64encode(signature).decode()}\n"


def is_signed(note: str, name: str, key: Ed25519PublicKey) -> bool:
    """Whether one of a note's signatures is by this key under this name."""
    text, _, signatures = note.partition("\n\n")
    prefix = f"\N{EM DASH} {name} "
    for line in signatures.splitlines():
        try:
            signature = b64decode(line.removeprefix(prefix), validate=True)
        except (binascii.Error, ValueError):
            continue
        if line.startswith(prefix) and signature[:_KEY_HASH_BYTES] == key_hash(name, key):
            try:
                key.verify(signature[_KEY_HASH_BYTES:], f"{text}\n".encode())
            except InvalidSignature:
                continue
            return True
    return False


def key_hash(name: str, key: Ed25519PublicKey) -> bytes:
    """Which key a signature is by, in four bytes."""
    return sha256(f"{name}\n".encode() + _ED25519 + key.public_bytes_raw()).digest()[
        :_KEY_HASH_BYTES
    ]


def verifier_key(name: str, key: Ed25519PublicKey) -> str:
    """The public key in the form that tools for signed notes take."""
    encoded = b64encode(_ED25519 + key.public_bytes_raw()).decode()
    return f"{name}+{key_hash(name, key).hex()}+{encoded}"
