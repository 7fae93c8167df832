"""Rotation of the signing keys, for the API and the command line."""

import msgspec

from access.keys import SigningKeys
from commands.context import Context, Recorded
from commands.dispatcher import Dispatcher
from commands.key_ring import RevokeSigningKey, RotateSigningKeys


class RotatedKey(msgspec.Struct, frozen=True):
    """The id of the key that signs from now on, with what every command answers."""

    kid: str
    recorded: Recorded


class KeyRotation:
    """Rotates the signing keys on the record. Nobody is logged out: retired keys still verify."""

    def __init__(self, dispatcher: Dispatcher, signing_keys: SigningKeys) -> None:
        self._dispatcher = dispatcher
        self._signing_keys = signing_keys

    def rotate(self, reason: str | None, context: Context) -> RotatedKey:
        """Makes a key that signs from now on: here at once, in other processes in a minute."""
        key = self._signing_keys.new_key()
        recorded = self._dispatcher.dispatch(
            RotateSigningKeys(
                kid=key.kid,
                public_key=key.public_key,
                sealed_private_key=key.sealed_private_key,
                reason=reason,
            ),
            context,
        )
        self._signing_keys.refresh()
        return RotatedKey(key.kid, recorded)

    def revoke(self, kid: str, reason: str | None, context: Context) -> Recorded:
        """Nothing signed with the key is believed any more, in any process within two seconds. One
        that signs is replaced first. Raises `NotFound`.

        Who has one of its tokens goes on with their refresh token, which no key signs.
        """
        if self._signing_keys.refresh().kid == kid:
            self.rotate(reason, context)
        return self._dispatcher.dispatch(RevokeSigningKey(kid=kid, reason=reason), context)
