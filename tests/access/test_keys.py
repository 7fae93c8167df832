import base64
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg_pool import ConnectionPool

from access.keys import KeysUnavailable, SigningKeys, VerificationKeys, WrongMasterKey, thumbprint
from tests.access.conftest import Clock
from tests.servers.postgres import Database

MASTER = bytes(range(32))

pytestmark = pytest.mark.usefixtures("no_keys")


def count(pool: ConnectionPool, where: str = "true") -> int:
    with pool.connection() as connection:
        row = connection.execute(
            f"SELECT count(*) FROM access.signing_keys WHERE {where}"
        ).fetchone()
    assert row
    return int(row[0])


def count_calls(
    verifying: VerificationKeys, method: str, monkeypatch: pytest.MonkeyPatch
) -> list[None]:
    calls: list[None] = []
    original = getattr(verifying, method)

    def counted() -> object:
        calls.append(None)
        return original()

    monkeypatch.setattr(verifying, method, counted)
    return calls


def test_many_processes_starting_at_once_make_one_key(pool: ConnectionPool) -> None:
    processes = [SigningKeys(pool, MASTER) for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        kids = set(threads.map(lambda keys: keys.ensure().kid, processes))
    assert len(kids) == count(pool) == 1


def test_rotations_at_once_leave_one_active_key(pool: ConnectionPool) -> None:
    keys = SigningKeys(pool, MASTER)
    keys.ensure()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: keys.rotate(), range(4)))
    assert count(pool) == 5
    assert count(pool, "retired_at IS NULL") == 1


def test_rotation_is_noticed_by_other_processes_after_a_while(
    pool: ConnectionPool, clock: Clock
) -> None:
    here, there = SigningKeys(pool, MASTER), SigningKeys(pool, MASTER, monotonic=clock.timestamp)
    old = there.active()
    new = here.rotate()
    assert there.active() == old
    clock.advance(seconds=60)
    assert there.active().kid == new.kid


def test_another_master_key_does_not_open_the_signing_key(pool: ConnectionPool) -> None:
    SigningKeys(pool, MASTER).ensure()
    with pytest.raises(WrongMasterKey):
        SigningKeys(pool, bytes(32)).ensure()


def test_the_key_set_is_as_the_rfcs_say(pool: ConnectionPool) -> None:
    keys = SigningKeys(pool, MASTER)
    old, new = keys.ensure(), keys.rotate()
    document = json.loads(json.dumps(VerificationKeys(pool).jwks()))
    assert [key["kid"] for key in document["keys"]] == [new.kid, old.kid]
    for key, pair in zip(document["keys"], [new, old], strict=True):
        x = base64.urlsafe_b64decode(key.pop("x") + "=")
        assert x == pair.private_key.public_key().public_bytes_raw()
        assert key == {
            "kty": "OKP",
            "crv": "Ed25519",
            "kid": pair.kid,
            "use": "sig",
            "alg": "EdDSA",
        }


def test_the_thumbprint_is_that_of_rfc_8037() -> None:
    seed = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
    pair = Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(seed))
    public_key = pair.public_key().public_bytes_raw()
    assert thumbprint(public_key) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_a_new_key_is_known_at_once_and_made_up_ones_cost_one_query_a_second(
    pool: ConnectionPool, read_pool: ConnectionPool, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    signing = SigningKeys(pool, MASTER)
    verifying = VerificationKeys(read_pool, monotonic=clock.timestamp)
    assert verifying.get(signing.ensure().kid)
    clock.advance(seconds=2)
    assert verifying.get(signing.rotate().kid)

    look_ups = count_calls(verifying, "jwks", monkeypatch)
    clock.advance(seconds=2)
    for number in range(100):
        assert verifying.get(f"made-up-{number}") is None
    assert len(look_ups) == 1


def test_a_key_that_was_deleted_stops_verifying_within_a_minute(
    pool: ConnectionPool, clock: Clock, shared_database: Database
) -> None:
    verifying = VerificationKeys(pool, monotonic=clock.timestamp)
    kid = SigningKeys(pool, MASTER).ensure().kid
    assert verifying.get(kid)
    with psycopg.connect(shared_database.owner_url) as connection:
        connection.execute("DELETE FROM access.signing_keys")
    clock.advance(seconds=60)
    assert verifying.get(kid) is None


def test_without_the_database_known_keys_go_on_and_unknown_ones_are_not_called_forged(
    pool: ConnectionPool, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifying = VerificationKeys(pool, monotonic=clock.timestamp)
    kid = SigningKeys(pool, MASTER).ensure().kid
    assert verifying.get(kid)

    def unreachable() -> None:
        raise psycopg.OperationalError

    monkeypatch.setattr(verifying, "jwks", unreachable)
    clock.advance(seconds=3600)
    assert verifying.get(kid)
    for _ in range(2):
        with pytest.raises(KeysUnavailable):
            verifying.get("unheard-of")


def test_private_halves_stand_sealed_and_out_of_the_read_side_s_reach(
    pool: ConnectionPool, read_pool: ConnectionPool
) -> None:
    raw = SigningKeys(pool, MASTER).ensure().private_key.private_bytes_raw()
    with pool.connection() as connection:
        row = connection.execute("SELECT sealed_private_key FROM access.signing_keys").fetchone()
    assert row
    assert raw not in bytes(row[0])
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        read_pool.connection() as connection,
    ):
        connection.execute("SELECT sealed_private_key FROM access.signing_keys")


@pytest.mark.parametrize("table", ["credentials", "sessions", "refresh_tokens", "failed_logins"])
def test_the_read_side_sees_nothing_else_of_access(read_pool: ConnectionPool, table: str) -> None:
    """But which sessions have ended, and when."""
    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        read_pool.connection() as connection,
    ):
        connection.execute(f"SELECT * FROM access.{table}")


def test_a_sealed_key_moved_to_another_id_does_not_open(
    pool: ConnectionPool, shared_database: Database
) -> None:
    SigningKeys(pool, MASTER).ensure()
    with psycopg.connect(shared_database.owner_url) as connection:
        connection.execute(
            "UPDATE access.signing_keys SET kid = %s", (hashlib.sha256(b"other").hexdigest(),)
        )
    with pytest.raises(WrongMasterKey):
        SigningKeys(pool, MASTER).active()
