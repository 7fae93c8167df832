"""Putting a new key in place that signs access tokens."""

from access.keys import NewKey, rotate_statements
from commands.message import Command, handles
from commands.work import Work
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


@handles(RotateSigningKeys)
def rotate_signing_keys(command: RotateSigningKeys, work: Work) -> KeyRing:
    ring = work.find(KeyRing, key_ring_id()) or KeyRing.open(at=work.now)
    ring.rotate(kid=command.kid, reason=command.reason, at=work.now)
    key = NewKey(command.kid, command.public_key, command.sealed_private_key)
    for statement in rotate_statements(key, work.now):
        work.execute_too(*statement)
    return ring
