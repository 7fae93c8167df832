"""The command side put together, for whoever issues commands: write API, policies, seeds."""

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec
import psycopg
from psycopg_pool import ConnectionPool

from access.keys import SigningKeys, VerificationKeys
from access.password_policy import PasswordPolicy
from access.passwords import Passwords
from access.refusals import Refusals
from access.standing import Standings
from access.tokens import TokenVerifier
from bus.wake import Waker
from commands.dispatcher import Dispatcher
from commands.doorkeeper import count_taken_name
from event_store.application import Log
from event_store.epoch import check_epoch
from event_store.erasure import ErasureWatch
from event_store.wrapping import WrappingKeys
from lms.settings import Settings
from lms.telemetry.traced_dispatcher import TracedDispatcher

AUDIENCE = "lms"
PATIENCE = 5.0
"""Seconds to wait for a connection to the database."""

Pool = ConnectionPool[psycopg.Connection[tuple[Any, ...]]]


class CommandSide(msgspec.Struct, frozen=True):
    """What carries out commands, and what it is made of."""

    log: Log
    passwords: Passwords
    dispatcher: Dispatcher
    pool: Pool
    signing_keys: SigningKeys
    keys: WrappingKeys


@contextmanager
def command_side(settings: Settings, *, connections: int = 8) -> Iterator[CommandSide]:
    """Everything needed to dispatch commands, as the role that may only add events.

    Raises `EpochTooLow` after a restore into another cluster, `WrongMasterKey`, and
    `MasterKeyUnavailable`.
    """
    with (
        open_pool(settings.write_database_url, connections) as pool,
        Waker(settings.nats_url) as waker,
    ):
        with pool.connection() as connection:
            check_epoch(connection)
        passwords = Passwords(pool, policy=password_policy(settings))
        log = Log(settings.write_database_url, settings.master_key, connections=connections)
        keys = log.keys.wrapping
        keys.current()
        kind = TracedDispatcher if settings.otlp_endpoint else Dispatcher
        dispatcher = kind(
            log,
            passwords,
            fingerprint_key=hmac.digest(keys.hashing, b"lms idempotency", "sha256"),
            on_recorded=waker.ping,
            on_taken=partial(count_taken_name, Refusals(pool, keys.hashing)),
            step_up_after=timedelta(minutes=settings.step_up_minutes),
            two_persons=settings.erasure_two_persons == "on",
        )
        try:
            with ErasureWatch(log, pool).followed():
                yield CommandSide(log, passwords, dispatcher, pool, SigningKeys(pool, keys), keys)
        finally:
            log.close()


def password_policy(settings: Settings) -> PasswordPolicy:
    """What is asked of passwords here."""
    days = settings.password_days
    return PasswordPolicy(
        score=settings.password_score,
        remembered=settings.password_history,
        longest_age=timedelta(days=days) if days else None,
    )


@contextmanager
def token_verifier(
    settings: Settings, pool: Pool, keys: VerificationKeys | None = None
) -> Iterator[TokenVerifier]:
    """Tells who acts from an access token, and follows what is revoked until the block ends.

    Reads only the public halves of the keys; `lms_read` may do all of it.
    """
    longest_token = timedelta(minutes=settings.access_token_minutes)
    standings = Standings(pool, longest_token=longest_token)
    with standings.followed():
        yield TokenVerifier(
            keys or VerificationKeys(pool),
            issuer=settings.public_url,
            audience=AUDIENCE,
            standings=standings,
        )


@contextmanager
def open_pool(url: str, size: int) -> Iterator[Pool]:
    """Connections in autocommit mode; every statement is its own transaction unless told."""
    pool: Pool = ConnectionPool(
        url,
        min_size=1,
        max_size=size,
        timeout=PATIENCE,
        # Pauses between attempts to connect double: giving up soon, and beginning anew when asked
        # again, finds the server within seconds of its return however long it was away.
        reconnect_timeout=PATIENCE,
        kwargs={"autocommit": True},
        open=False,
    )
    with pool:
        yield pool
