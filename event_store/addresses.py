"""Finding events by the address they were caused from, though the log holds it sealed.

The index has a keyed hash in its place. Without the master key nobody can tell whose address it is
by trying all of them; and it stands in a read model only, never in the log, so that erasing a
person reaches it.
"""

import hmac
from ipaddress import IPv6Address, ip_address
from uuid import UUID

import msgspec

from event_store.keys import PersonalKeys, PersonErased
from event_store.record import Metadata

CLIENT = b"client"
"""What the dispatcher binds the sealed address of a client to."""


class Client(msgspec.Struct, frozen=True):
    """Where a command came from."""

    address: str | None
    user_agent: str | None


class Clients:
    """Opens the sealed clients of events, and hashes their addresses. Thread-safe.

    `secret` is 32 bytes that outlive every rotation of keys: another one gives other hashes, and
    the index must be built anew.
    """

    def __init__(self, keys: PersonalKeys, secret: bytes) -> None:
        self._keys = keys
        self._key = hmac.digest(secret, b"lms audit addresses", "sha256")

    def of(self, owner: UUID | None, sealed: str | None) -> Client | None:
        """Where somebody came from; None when that isn't known, or not any more. Blocks."""
        if sealed is None or owner is None:
            return None
        try:
            plain = self._keys.unseal(owner, sealed, CLIENT)
        except (PersonErased, ValueError):
            return None
        return msgspec.json.decode(plain, type=Client)

    def hash_in(self, metadata: Metadata) -> UUID | None:
        """The hash of the address that an event was caused from, if that can be told. Blocks."""
        client = self.of(metadata.actor, metadata.client)
        return self.hash(client.address) if client and client.address else None

    def hash(self, address: str) -> UUID:
        """The same for every way of writing an address; 128 bits."""
        canonical = canonical_address(address) or address
        return UUID(bytes=hmac.digest(self._key, canonical.encode(), "sha256")[:16])


def canonical_address(address: str) -> str | None:
    """The one way of writing it, IPv4 within IPv6 as IPv4; None for what is no address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return str(parsed)
