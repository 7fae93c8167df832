#!/usr/bin/env python3
"""Checks a copy of records that was made for an inspector. Needs Python 3.10 and `cryptography`.

    python verify_inspection.py inspection.zip [--key-id ID]

Every file must have the SHA-256 that the manifest says, no file may be there that it doesn't name,
and the manifest must be signed. Compare the id of the key with the one that the system gives out
(`GET /audit/export/key`, or on paper): anybody can sign with a key of their own.
"""

import argparse
import hashlib
import json
import sys
import zipfile
from base64 import urlsafe_b64encode
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

UNSIGNED = {"manifest.json", "manifest.sig", "public-key.pem"}


def check(archive: zipfile.ZipFile, key_id: str | None = None) -> list[str]:
    """What is wrong, one sentence each; empty when everything holds."""
    names = archive.namelist()
    missing = sorted(UNSIGNED - set(names))
    if missing:
        return [f"{name} is missing" for name in missing]
    manifest = archive.read("manifest.json")
    key = load_pem_public_key(archive.read("public-key.pem"))
    if not isinstance(key, Ed25519PublicKey):
        return ["public-key.pem holds no Ed25519 key"]
    try:
        key.verify(archive.read("manifest.sig"), manifest)
    except InvalidSignature:
        return ["manifest.json is not what was signed"]
    faults = []
    if key_id and key_id != key_id_of(key):
        faults.append(f"it is signed by another key: {key_id_of(key)}")
    return faults + _wrong_files(archive, json.loads(manifest), names)


def key_id_of(key: Ed25519PublicKey) -> str:
    """The thumbprint of RFC 7638."""
    members = {"crv": "Ed25519", "kty": "OKP", "x": _text(key.public_bytes_raw())}
    canonical = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
    return _text(hashlib.sha256(canonical).digest())


def _wrong_files(archive: zipfile.ZipFile, manifest: Any, names: list[str]) -> list[str]:
    known = manifest["files"]
    faults = [f"{name} is missing" for name in sorted(set(known) - set(names))]
    faults += [f"{name} is there twice" for name in sorted(set(names)) if names.count(name) > 1]
    for name in sorted(set(names) - UNSIGNED):
        if name not in known:
            faults.append(f"{name} was added")
        elif _sha256(archive, name) != known[name]["sha256"]:
            faults.append(f"{name} was changed")
    return faults


def _sha256(archive: zipfile.ZipFile, name: str) -> str:
    digest = hashlib.sha256()
    with archive.open(name) as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def main() -> int:
    """0 when everything holds, 1 when not."""
    parser = argparse.ArgumentParser(description="Checks a copy of records for an inspector.")
    parser.add_argument("archive")
    parser.add_argument("--key-id", help="of the key that must have signed it")
    options = parser.parse_args()
    try:
        with zipfile.ZipFile(options.archive) as archive:
            faults = check(archive, options.key_id)
            pem = archive.read("public-key.pem") if not faults else b""
    except (OSError, zipfile.BadZipFile, ValueError) as error:
        faults, pem = [f"it can't be read: {error}"], b""
    for fault in faults:
        sys.stderr.write(f"WRONG: {fault}\n")
    if not faults:
        key = load_pem_public_key(pem)
        assert isinstance(key, Ed25519PublicKey)
        sys.stdout.write(f"Everything is as it was signed, by the key {key_id_of(key)}.\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
