"""Auditors get checkpoints and proofs, and check them by themselves."""

from base64 import b64decode
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jwt.algorithms import OKPAlgorithm

from access.seal import Seal as SecretSeal
from access.sealed import CHECKPOINTS as PURPOSE
from event_store.seals.checkpoint import Checkpoint
from event_store.seals.keys import SealingKeys
from event_store.seals.merkle import includes, is_consistent, leaf_hash
from event_store.seals.sealer import Sealer
from event_store.seals.witness import Witness
from tests.commands.system import MASTER_KEY, Given, Person
from tests.read_api.reading import Json, Reading
from tests.servers.postgres import Database

CHECKPOINTS, LATEST = "/audit/checkpoints", "/audit/checkpoints/latest"


@pytest.fixture
def seal(shared_database: Database, tmp_path: Path) -> "Seal":
    return Seal(shared_database, tmp_path)


class Seal:
    """Seals all there is, and signs it at once."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._url = database.seal_url
        self._witness = Witness(folder / "witness")

    def __call__(self) -> None:
        keys = SealingKeys(SecretSeal(MASTER_KEY, PURPOSE), "lms.example.com/log")
        with psycopg.connect(self._url, autocommit=True) as connection:
            sealer = Sealer(connection, keys, self._witness)
            while sealer.step():
                pass
            connection.execute("SELECT pg_advisory_unlock_all()")


@pytest.fixture
def key(reading: Reading, seal: Seal, given: Given) -> Ed25519PublicKey:
    """The key that signs, as anybody gets it."""
    given.a_person()
    seal()
    answer = reading.get("/.well-known/seal-keys.json")
    assert answer.headers["cache-control"] == "max-age=60, public"
    newest = answer.json()["keys"][0]
    assert "d" not in newest, "the private half stays private"
    key = OKPAlgorithm.from_jwk(newest)
    assert isinstance(key, Ed25519PublicKey)
    return key


def a_position(reading: Reading, auditor: Person) -> int:
    """Of the newest event."""
    (event,) = reading.ok("/audit/events", auditor, params={"limit": 1})["items"]
    return int(event["position"])


def test_a_checkpoint_is_a_signed_note(
    reading: Reading, an_auditor: Person, seal: Seal, key: Ed25519PublicKey
) -> None:
    seal()
    latest = reading.ok(LATEST, an_auditor)
    checkpoint = Checkpoint.parse(latest["note"])
    assert checkpoint.is_signed_by(key)
    assert checkpoint.size == latest["size"]
    assert checkpoint.root == b64decode(latest["root"])


def test_checkpoints_are_listed_the_newest_first(
    reading: Reading, an_auditor: Person, given: Given, seal: Seal
) -> None:
    for _ in range(3):
        given.a_person()
        seal()
    first = reading.ok(CHECKPOINTS, an_auditor, params={"limit": 2})
    params = {"limit": 2, "cursor": first["next_cursor"]}
    second = reading.ok(CHECKPOINTS, an_auditor, params=params)
    sizes = [item["size"] for page in (first, second) for item in page["items"]]
    assert sizes[0] == reading.ok(LATEST, an_auditor)["size"]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == len(sizes) >= 3


def test_an_event_is_proved_to_be_in_the_log(
    reading: Reading, an_auditor: Person, seal: Seal
) -> None:
    position = a_position(reading, an_auditor)
    seal()
    proof = reading.ok(f"/audit/proofs/inclusion/{position}", an_auditor)
    checkpoint = Checkpoint.parse(proof["checkpoint"]["note"])
    leaf = leaf_hash(b64decode(proof["leaf"]))
    path = [b64decode(hash) for hash in proof["path"]]
    assert leaf == b64decode(proof["leaf_hash"])
    assert includes(checkpoint.root, checkpoint.size, proof["number"], leaf, path)


def test_what_is_not_there_and_what_is_not_sealed_yet(
    reading: Reading, an_auditor: Person, given: Given, seal: Seal
) -> None:
    seal()
    given.a_person()
    position = a_position(reading, an_auditor)
    answer = reading.get(f"/audit/proofs/inclusion/{position}", an_auditor)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-sealed-yet")
    seal()
    assert reading.status(f"/audit/proofs/inclusion/{position}", an_auditor) == 200
    for nothing in (3, 2**63, -1):
        assert reading.status(f"/audit/proofs/inclusion/{nothing}", an_auditor) == 404


def test_a_log_is_proved_to_begin_with_what_it_was(
    reading: Reading, an_auditor: Person, given: Given, seal: Seal
) -> None:
    given.a_person()
    seal()
    old = Checkpoint.parse(reading.ok(LATEST, an_auditor)["note"])
    given.a_person()
    seal()
    new = Checkpoint.parse(reading.ok(LATEST, an_auditor)["note"])
    params: Json
    for params in ({"from": old.size}, {"from": old.size, "to": new.size}):
        proof = reading.ok("/audit/proofs/consistency", an_auditor, params=params)
        path = [b64decode(hash) for hash in proof["path"]]
        assert (proof["from_size"], proof["to_size"]) == (old.size, new.size)
        assert is_consistent(old.size, new.size, old.root, new.root, path)


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"from": 0}, "from"),
        ({"from": 1, "to": 2**62}, "to"),
        ({"from": 3, "to": 2}, "from"),
        ({"from": 2**62}, "from"),
        ({}, "from"),
        ({"from": "some"}, "from"),
    ],
)
def test_sizes_out_of_range_are_refused(
    reading: Reading, an_auditor: Person, seal: Seal, params: Json, field: str
) -> None:
    seal()
    answer = reading.get("/audit/proofs/consistency", an_auditor, params=params)
    assert answer.status_code == 422
    assert field in answer.json()["errors"][0]["field"]


def test_a_proof_of_a_tree_with_a_hole_is_no_proof(
    reading: Reading, an_auditor: Person, given: Given, seal: Seal, shared_database: Database
) -> None:
    given.a_person()
    seal()
    position = a_position(reading, an_auditor)
    assert reading.status(f"/audit/proofs/inclusion/{position}", an_auditor) == 200
    with psycopg.connect(shared_database.owner_url) as owner:
        owner.execute("CREATE TABLE kept AS SELECT * FROM seals.nodes")
        owner.execute("DELETE FROM seals.nodes")
        owner.commit()
        answer = reading.get(f"/audit/proofs/inclusion/{position}", an_auditor)
        owner.execute("INSERT INTO seals.nodes SELECT * FROM kept")
        owner.execute("DROP TABLE kept")
    assert answer.status_code == 503
    assert answer.json()["type"] == "/problems/seals-incomplete"
