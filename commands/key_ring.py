"""A new key that signs access tokens; and that all others were wrapped anew, on the record."""

import msgspec

from access.keys import IS_KNOWN, SIGNS, NewKey, revoke_statements, rotate_statements
from commands.message import Command, handles
from commands.work import Work
from domain.errors import Conflict, NotFound
from domain.identity import key_ring_id
from domain.key_ring import KeyRing


class RotateSigningKeys(Command, frozen=True):
    """`sealed_private_key` opens with the master key only."""

    kid: str
    public_key: bytes
    sealed_private_key: bytes
    reason: str | None = None

    def __repr__(self) -> str:
        return f"RotateSigningKeys(kid={self.kid!r})"


class RevokeSigningKey(Command, frozen=True):
    """Tokens signed with it are refused at once, everywhere. One that signs is replaced first."""

    kid: str
    reason: str | None = None


class KeyIsSigning(Conflict):
    """Whoever revokes a key puts the next one in place first."""

    code = "key-is-signing"


@handles(RotateSigningKeys)
def rotate_signing_keys(command: RotateSigningKeys, work: Work) -> KeyRing:
    ring = work.find(KeyRing, key_ring_id()) or KeyRing.open(at=work.now)
    ring.rotate(kid=command.kid, reason=command.reason, at=work.now)
    key = NewKey(command.kid, command.public_key, command.sealed_private_key)
    for statement in rotate_statements(key, work.now):
        work.execute_too(*statement)
    return ring


class RecordMasterKeyRotation(Command, frozen=True):
    """What the command line has carried out."""

    key_id: str
    former_key_ids: list[str]
    master_key_id: str
    former_master_key_ids: list[str]
    persons: int
    secrets: int
    reason: str | None = None


class RecordDestroyedKeys(Command, frozen=True):
    """Wrapping keys that the command line is about to delete."""

    key_ids: list[str]
    reason: str | None = None


@handles(RecordMasterKeyRotation)
def record_master_key_rotation(command: RecordMasterKeyRotation, work: Work) -> KeyRing:
    ring = work.find(KeyRing, key_ring_id()) or KeyRing.open(at=work.now)
    ring.rotate_master_key(**msgspec.structs.asdict(command), at=work.now)
    return ring


@handles(RecordDestroyedKeys)
def record_destroyed_keys(command: RecordDestroyedKeys, work: Work) -> KeyRing:
    ring = work.find(KeyRing, key_ring_id()) or KeyRing.open(at=work.now)
    ring.destroy_wrapping_keys(key_ids=command.key_ids, reason=command.reason, at=work.now)
    return ring


@handles(RevokeSigningKey)
def revoke_signing_key(command: RevokeSigningKey, work: Work) -> KeyRing:
    if not work.says(IS_KNOWN, (command.kid,)):
        raise NotFound("There is no such key.")
    if work.says(SIGNS, (command.kid,)):
        raise KeyIsSigning("This key signs: rotate the keys first.")
    ring = work.find(KeyRing, key_ring_id()) or KeyRing.open(at=work.now)
    ring.revoke(kid=command.kid, reason=command.reason, at=work.now)
    for statement in revoke_statements(command.kid):
        work.execute_too(*statement)
    return ring
