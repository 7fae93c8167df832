#!/usr/bin/env python3
"""Checks an export of the audit history offline, with nothing but the log's public keys.

    python verify_export.py export.ndjson --keys seal-keys.json

Needs Python 3.11 or later and the package `cryptography`; it is one file, to be read before it is
believed. The keys are those of `GET /.well-known/seal-keys.json` (or `lms audit keys`): keep them
from a time before the one in question, and apart from the export.

What it shows: every event in the file is, to the byte, one that was in the log when the checkpoint
in the file was signed; none between the first and the last is left out, added or out of place; and
the file is as it was written. Exit code 0 if so, 1 if not, with a line for each problem, 2 if the
files can't be read.

How: an event's leaf is `lms-event-v1`, a zero byte, and eight values, each behind its length in 4
bytes: position, stream id, stream type, version, type, data, metadata, recorded_at (numbers in 8
bytes, big-endian; the time in microseconds since 2000; text in UTF-8). Leaves and interior nodes
are hashed as in RFC 9162, 2.1: SHA-256 over 0x00 and the leaf, over 0x01 and both children. The
checkpoint is a signed note (c2sp.org/tlog-checkpoint) with an Ed25519 signature.
"""

import argparse
import base64
import binascii
import hashlib
import json
import sys
import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "lms-export/1"
TAG = b"lms-event-v1\x00"
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
DASH = "\N{EM DASH}"


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description="Checks an export of the audit history offline.")
    parser.add_argument("export", help="the NDJSON file, or - for standard input")
    parser.add_argument("--keys", required=True, help="JSON Web Key Set of the log's public keys")
    options = parser.parse_args()
    try:
        keys = read_keys(json.loads(Path(options.keys).read_bytes()))
        if options.export == "-":
            return report(Export(keys).check(sys.stdin.buffer))
        with Path(options.export).open("rb") as lines:
            return report(Export(keys).check(lines))
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"error: {error!r}", file=sys.stderr)
        return 2


def report(export: "Export") -> int:
    """Prints what was found; returns the exit code."""
    for problem in export.problems:
        print(problem)
    if export.problems:
        print(f"NOT PROVED: {len(export.problems)} problems")
        return 1
    print(
        f"PROVED: {export.events} events, numbers {export.first} to {export.last}"
        f" (positions {export.positions[0]} to {export.positions[-1]}, recorded"
        f" {export.times[0]} to {export.times[-1]}), of the log {export.origin} as it stood with"
        f" {export.size} events at {export.signed_at}"
    )
    return 0


class Export:
    """One file. `problems` are sentences."""

    def __init__(self, keys: Sequence[Ed25519PublicKey]) -> None:
        self.problems: list[str] = []
        self.events = self.first = self.last = self.size = 0
        self.positions: list[int] = []
        self.times: list[str] = []
        self.origin = self.signed_at = ""
        self._keys = keys
        self._root = b""
        self._next = 0
        self._ended = False
        self._digest = hashlib.sha256()

    def check(self, lines: Iterable[bytes]) -> "Export":
        """Goes through all lines; returns itself."""
        for number, line in enumerate(lines, 1):
            try:
                content = json.loads(line)
                kind = content["kind"]
                self._line(number, kind, content)
            except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
                self._problem(number, f"can't be read ({error!r})")
                kind = None
            if kind != "end":
                self._digest.update(line)
        self._finish()
        return self

    def _line(self, number: int, kind: str, content: dict[str, Any]) -> None:
        if self._ended:
            self._problem(number, "follows the end of the export")
        elif (number == 1) != (kind == "header"):
            self._problem(number, "is out of place: the header comes first, and once")
        elif kind == "header":
            self._header(number, content)
        elif kind == "event":
            self._event(number, content)
        elif kind == "end":
            self._end(number, content)
        else:
            self._problem(number, f"is of an unknown kind, {kind!r}")

    def _header(self, number: int, content: dict[str, Any]) -> None:
        if content["format"] != FORMAT:
            raise ValueError(f"the format is {content['format']!r}, not {FORMAT!r}")
        note = content["checkpoint"]
        self.origin = content["origin"]
        self.first, self.last = content["first"], content["last"]
        self._next = self.first
        lines = note.split("\n")
        if lines[0] != self.origin or not self._is_signed(note):
            self._problem(number, "has a checkpoint that is signed by none of the given keys")
            return
        self.size, self._root = int(lines[1]), base64.b64decode(lines[2])
        self.signed_at = lines[3].partition(" ")[2]
        if not 0 <= self.first <= self.last < self.size:
            self._problem(number, "has bounds that the checkpoint doesn't cover")

    def _event(self, line: int, content: dict[str, Any]) -> None:
        number, position = content["number"], content["position"]
        which = f"event number {number}, position {position},"
        if number is None:
            self._problem(line, f"{which} was never sealed: it was inserted")
            return
        if number != self._next:
            self._out_of_order(line, which, number)
        self._next = number + 1
        self.events += 1
        proof = [base64.b64decode(each, validate=True) for each in content["proof"]]
        if not self._root:
            self._problem(line, f"{which} can't be proved without a checkpoint")
        elif not includes(self._root, self.size, number, leaf_hash(content), proof):
            self._problem(line, f"{which} is not as it was sealed")
        self.positions = [*self.positions[:1], position]
        self.times = [*self.times[:1], content["recorded_at"]]

    def _out_of_order(self, line: int, which: str, number: int) -> None:
        if number == self._next + 1:
            self._problem(line, f"{which} comes where number {self._next} should")
        elif number > self._next:
            self._problem(line, f"{which} comes where numbers {self._next} to {number - 1} should")
        else:
            self._problem(line, f"{which} is out of order, or comes twice")

    def _end(self, number: int, content: dict[str, Any]) -> None:
        self._ended = True
        note = content["note"]
        expected = [
            f"{self.origin}/export",
            f"{self.first} {self.last}",
            base64.b64encode(self._digest.digest()).decode(),
        ]
        if not self._is_signed(note):
            self._problem(number, "has a signature over the file by none of the given keys")
        elif note.split("\n")[:3] != expected:
            self._problem(number, "signs other lines than those before it: some were changed")

    def _finish(self) -> None:
        if self.origin and self._next <= self.last:
            self.problems.append(f"numbers {self._next} to {self.last} are missing at the end")
        if not self.origin:
            self.problems.append("the header can't be read, so nothing is proved")
        if not self._ended:
            self.problems.append("the file was cut off: its last line, the signature, is missing")

    def _is_signed(self, note: str) -> bool:
        return any(is_signed(note, self.origin, key) for key in self._keys)

    def _problem(self, line: int, says: str) -> None:
        self.problems.append(f"line {line}: {says}")


def leaf_hash(event: dict[str, Any]) -> bytes:
    """The hash of an event's leaf."""
    time = datetime.fromisoformat(event["recorded_at"].replace("Z", "+00:00"))
    values = (
        event["position"].to_bytes(8, "big", signed=True),
        uuid.UUID(event["stream_id"]).bytes,
        event["stream_type"].encode(),
        event["version"].to_bytes(8, "big", signed=True),
        event["type"].encode(),
        event["data"].encode(),
        event["metadata"].encode(),
        ((time - EPOCH) // timedelta(microseconds=1)).to_bytes(8, "big", signed=True),
    )
    leaf = TAG + b"".join(len(value).to_bytes(4, "big") + value for value in values)
    return hashlib.sha256(b"\x00" + leaf).digest()


def includes(root: bytes, size: int, number: int, leaf: bytes, proof: Sequence[bytes]) -> bool:
    """RFC 9162, 2.1.3.2."""
    if not 0 <= number < size:
        return False
    at, last, computed = number, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            computed = node_hash(sibling, computed)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            computed = node_hash(computed, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and computed == root


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an interior node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def is_signed(note: str, name: str, key: Ed25519PublicKey) -> bool:
    """Whether a signed note (c2sp.org/signed-note) has a signature by this key."""
    text, _, signatures = note.partition("\n\n")
    for line in signatures.splitlines():
        prefix = f"{DASH} {name} "
        if not line.startswith(prefix):
            continue
        try:
            signature = base64.b64decode(line[len(prefix) :], validate=True)
            key.verify(signature[4:], f"{text}\n".encode())
        except (binascii.Error, InvalidSignature):
            continue
        if signature[:4] == key_hash(name, key):
            return True
    return False


def key_hash(name: str, key: Ed25519PublicKey) -> bytes:
    """Which key a signature is by."""
    return hashlib.sha256(f"{name}\n".encode() + b"\x01" + key.public_bytes_raw()).digest()[:4]


def read_keys(document: dict[str, Any]) -> list[Ed25519PublicKey]:
    """The Ed25519 keys of a JSON Web Key Set, or of one JSON Web Key."""
    found = []
    for key in document.get("keys", [document]):
        text = key["x"]
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        found.append(Ed25519PublicKey.from_public_bytes(raw))
    return found


if __name__ == "__main__":
    sys.exit(main())
