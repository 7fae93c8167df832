"""Where the master key is: in the environment, in a file, or in a key management service."""

import re
from base64 import b64decode
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from stat import S_IMODE
from typing import Any, Final

from adapters.aws_kms import AwsKms
from event_store.master_key import KEY_BYTES, KNOWN, KnownMasterKey, MasterKey

OTHER_MASTER_KEYS: Final = frozenset({"master_key_file", "kms_key"})
"""Settings that stand in place of the key itself."""
_OTHERS = 0o077


class MovingMasterKey:
    """On its way into a service, or out of it: what the former one has wrapped still opens."""

    def __init__(self, kms: AwsKms, known: KnownMasterKey, *, outwards: bool) -> None:
        self._kms = kms
        self._known = known
        self._present: MasterKey = known if outwards else kms
        self.key_id = self._present.key_id
        self.first = None if outwards else known.first

    def opens(self, key_id: str) -> bool:
        """See MasterKey."""
        return self._known.opens(key_id) or self._kms.opens(key_id)

    def wrap(self, plain: bytes, context: bytes) -> bytes:
        """See MasterKey."""
        return self._present.wrap(plain, context)

    def unwrap(self, key_id: str, wrapped: bytes, context: bytes) -> bytes:
        """See MasterKey."""
        whose = self._known if key_id.startswith(KNOWN) else self._kms
        return whose.unwrap(key_id, wrapped, context)


@cache
def master_key(
    keys: str, file: str, kms_key: str, former_kms_key: str, kms_endpoint: str
) -> MasterKey:
    """The master key that the settings say."""
    text = Path(file).read_text() if file else keys
    known = known_master_key(text) if text else None
    if not kms_key and not former_kms_key:
        assert known is not None
        return known
    kms = AwsKms(kms_key or former_kms_key, kms_endpoint or None)
    return MovingMasterKey(kms, known, outwards=not kms_key) if known else kms


def known_master_key(text: str) -> KnownMasterKey:
    """Keys in base64, the present one first. Raises `ValueError` for anything else."""
    keys = [b64decode(part, validate=True) for part in re.split(r"[\s,]+", text.strip())]
    if any(len(key) != KEY_BYTES for key in keys):
        raise ValueError("A master key has 32 bytes.")
    return KnownMasterKey(keys[0], keys[1:])


def master_key_problems(given: Mapping[str, Any]) -> list[str]:
    """A sentence for each thing that is wrong with where the master key is said to be."""
    file = given.get("master_key_file")
    if given.get("kms_key") and given.get("former_kms_key"):
        return ["LMS_FORMER_KMS_KEY is for leaving AWS KMS: LMS_KMS_KEY can't be set beside it"]
    if file and given.get("master_keys"):
        return ["LMS_MASTER_KEY and LMS_MASTER_KEY_FILE can't both be set: there is one master key"]
    return _file_problems(Path(file)) if file else []


def _file_problems(file: Path) -> list[str]:
    try:
        if S_IMODE(file.stat().st_mode) & _OTHERS:
            return ["LMS_MASTER_KEY_FILE must be nobody else's to read: chmod 600 it"]
        known_master_key(file.read_text())
    except OSError as error:
        return [f"LMS_MASTER_KEY_FILE can't be read: {error.strerror}"]
    except ValueError:
        return ["LMS_MASTER_KEY_FILE must hold 32 bytes in base64, the keys it replaces below"]
    return []
