"""A master key in AWS KMS, over the network, to a server that speaks like it."""

from base64 import b64encode
from uuid import uuid4

import msgspec
import psycopg
import pytest
from psycopg_pool import ConnectionPool

from adapters.aws_kms import AwsKms, KmsRefused, KmsUnreachable
from edge.problem import fault_of
from event_store.errors import MasterKeyUnavailable
from event_store.keys import PersonalKeys
from event_store.master_key import KnownMasterKey
from lms.composition import command_side
from lms.data_folder import free_port
from lms.master_rotation import key_states, rotate_master_key
from lms.settings import Settings
from read_api.faults import QUERY_FAULTS
from tests.servers.kms import KmsServer
from write_api.faults import COMMAND_FAULTS

KEY, CONTEXT = bytes(range(32)), b"lms wrapping key 00ff"


def test_what_it_wraps_it_opens_for_the_same_use_only(kms: KmsServer) -> None:
    master = AwsKms(kms.new_key(), kms.endpoint)
    wrapped = master.wrap(KEY, CONTEXT)
    assert KEY not in wrapped
    assert master.unwrap(master.key_id, wrapped, CONTEXT) == KEY
    with pytest.raises(KmsRefused):
        master.unwrap(master.key_id, wrapped, b"lms wrapping key 00fe")


def test_another_key_opens_nothing(kms: KmsServer) -> None:
    one, other = AwsKms(kms.new_key(), kms.endpoint), AwsKms(kms.new_key(), kms.endpoint)
    with pytest.raises(KmsRefused):
        other.unwrap(other.key_id, one.wrap(KEY, CONTEXT), CONTEXT)


def test_a_former_key_of_the_service_still_opens(kms: KmsServer) -> None:
    one, other = AwsKms(kms.new_key(), kms.endpoint), AwsKms(kms.new_key(), kms.endpoint)
    assert other.unwrap(one.key_id, one.wrap(KEY, CONTEXT), CONTEXT) == KEY


def test_a_key_that_is_not_there_is_refused(kms: KmsServer) -> None:
    with pytest.raises(KmsRefused):
        AwsKms("alias/nothing", kms.endpoint).wrap(KEY, CONTEXT)


@pytest.mark.usefixtures("kms")
def test_nobody_listens() -> None:
    master = AwsKms("alias/any", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(KmsUnreachable, match="EndpointConnectionError"):
        master.wrap(KEY, CONTEXT)


def test_a_whole_system_goes_on_without_it_but_for_keys_it_has_not_met(
    settings: Settings, kms: KmsServer
) -> None:
    settings = msgspec.structs.replace(
        settings, master_keys="", kms_key=kms.new_key(), kms_endpoint=kms.endpoint
    )
    with (
        command_side(settings, connections=2) as side,
        psycopg.connect(settings.database_url, autocommit=True) as owner,
        ConnectionPool(settings.read_database_url, min_size=1, open=True) as pool,
    ):
        keys, reading = side.log.keys, PersonalKeys(pool, settings.master_key)
        known, new = uuid4(), uuid4()
        sealed = keys.seal(known, b"Jane", b"")
        assert reading.unseal(known, sealed, b"") == b"Jane"
        rotate_master_key(side, owner, settled_after=0.0)
        met_later = keys.seal(new, b"Joe", b"")
        kms.kill()
        try:
            assert reading.unseal(known, sealed, b"") == b"Jane"
            assert keys.unseal(new, met_later, b"") == b"Joe"
            with pytest.raises(MasterKeyUnavailable) as away:
                reading.unseal(new, met_later, b"")
        finally:
            kms.start()
    for faults in (COMMAND_FAULTS, QUERY_FAULTS):
        fault = fault_of(away.value, faults)
        assert (fault.status, fault.code) == (503, "master-key-unavailable")
        assert fault.headers["Retry-After"]


def test_a_master_key_moves_into_the_service(settings: Settings, kms: KmsServer) -> None:
    arn, person = kms.new_key(), uuid4()
    with command_side(settings, connections=2) as side:
        sealed = side.log.keys.seal(person, b"Jane", b"")
    moving = msgspec.structs.replace(settings, kms_key=arn, kms_endpoint=kms.endpoint)
    with (
        command_side(moving, connections=2) as side,
        psycopg.connect(settings.database_url, autocommit=True) as owner,
    ):
        rotate_master_key(side, owner, settled_after=0.0)
        assert {each.master_key_id for each in key_states(owner)} == {arn}
    moved = msgspec.structs.replace(moving, master_keys="")
    with command_side(moved, connections=2) as side:
        assert side.log.keys.unseal(person, sealed, b"") == b"Jane"


def test_a_master_key_moves_out_of_the_service_again(settings: Settings, kms: KmsServer) -> None:
    arn, person, own = kms.new_key(), uuid4(), KnownMasterKey(bytes(range(7, 39)))
    inside = msgspec.structs.replace(
        settings, master_keys="", kms_key=arn, kms_endpoint=kms.endpoint
    )
    with command_side(inside, connections=2) as side:
        sealed = side.log.keys.seal(person, b"Jane", b"")
    moving = msgspec.structs.replace(
        inside,
        kms_key="",
        former_kms_key=arn,
        master_keys=b64encode(bytes(range(7, 39))).decode(),
    )
    with (
        command_side(moving, connections=2) as side,
        psycopg.connect(settings.database_url, autocommit=True) as owner,
    ):
        hashing = side.log.keys.wrapping.hashing
        assert side.log.keys.unseal(person, sealed, b"") == b"Jane"
        rotate_master_key(side, owner, settled_after=0.0)
        assert {each.master_key_id for each in key_states(owner)} == {own.key_id}
    moved = msgspec.structs.replace(moving, former_kms_key="", kms_endpoint="")
    with command_side(moved, connections=2) as side:
        assert side.log.keys.unseal(person, sealed, b"") == b"Jane"
        assert side.log.keys.wrapping.hashing == hashing
