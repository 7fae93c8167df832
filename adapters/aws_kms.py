"""A master key that never leaves AWS KMS, or another service with the same interface.

Credentials and the region come from where AWS's own tools look for them: the environment, a file,
the machine's role. `Encrypt` and `Decrypt` on the one key are all the rights that are needed.
"""

from functools import cache
from typing import TYPE_CHECKING

import boto3
import msgspec
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from types_boto3_kms import KMSClient

SECONDS = 5
"""For how long the service may keep us waiting, each time."""
_OTHER_KEY = {
    "AccessDeniedException",
    "IncorrectKeyException",
    "InvalidCiphertextException",
    "NotFoundException",
}


class KmsUnreachable(ConnectionError):
    """The service doesn't answer, or not now."""


class KmsRefused(ValueError):
    """The service doesn't know the key, doesn't let us use it, or it has wrapped something else."""


class AwsKms(msgspec.Struct, frozen=True):
    """One symmetric key, by its id, ARN or alias. Without `endpoint`, AWS's own is meant.

    The service's own rotation of the key's material needs nothing here: what was wrapped before
    still opens.
    """

    key_id: str
    endpoint: str | None = None

    @property
    def first(self) -> None:
        """Nobody has ever seen this key."""
        return

    def opens(self, key_id: str) -> bool:
        """Its ids have several forms, so only the service can tell; not those of known keys."""
        return ":" not in key_id or key_id.startswith("arn:")

    def wrap(self, plain: bytes, context: bytes) -> bytes:
        """Raises `KmsUnreachable`, `KmsRefused`."""
        try:
            return _client(self.endpoint).encrypt(
                KeyId=self.key_id, Plaintext=plain, EncryptionContext=_named(context)
            )["CiphertextBlob"]
        except (BotoCoreError, ClientError) as error:
            raise _translated(error) from error

    def unwrap(self, key_id: str, wrapped: bytes, context: bytes) -> bytes:
        """Raises `KmsUnreachable`, `KmsRefused`."""
        try:
            return _client(self.endpoint).decrypt(
                KeyId=key_id, CiphertextBlob=wrapped, EncryptionContext=_named(context)
            )["Plaintext"]
        except (BotoCoreError, ClientError) as error:
            raise _translated(error) from error


@cache
def _client(endpoint: str | None) -> "KMSClient":
    patience = Config(connect_timeout=SECONDS, read_timeout=SECONDS, retries={"max_attempts": 2})
    return boto3.client("kms", endpoint_url=endpoint, config=patience)


def _named(context: bytes) -> dict[str, str]:
    """It stands in the service's own audit log: which of our keys was opened."""
    return {"lms": context.decode("utf-8", "backslashreplace")}


def _translated(error: BotoCoreError | ClientError) -> KmsUnreachable | KmsRefused:
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
    if code in _OTHER_KEY:
        return KmsRefused(f"AWS KMS refuses: {code}.")
    return KmsUnreachable(f"AWS KMS: {code or type(error).__name__}.")
