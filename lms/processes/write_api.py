"""The API that takes commands."""

import asyncio
import hmac
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from importlib.metadata import version

from prometheus_client import REGISTRY

from access.challenges import Challenges
from access.client_secrets import ClientSecrets
from access.recovery_codes import RecoveryCodes
from access.refusals import Refusals
from access.resets import Resets
from access.sessions import Sessions
from access.sso import SsoTables
from access.throttle import RESETS_PER_ADDRESS, RESETS_PER_NAME, Throttle
from access.tokens import TokenIssuer, TokenVerifier
from access.totp import Totp
from commands.admission import Admission
from commands.client_credentials import ClientCredentials
from commands.doorkeeper import Doorkeeper
from commands.factors import SecondFactors
from commands.forgotten_password import ForgottenPasswords
from commands.key_rotation import KeyRotation
from commands.login import Accounts
from commands.proof import FactorCheck
from edge.authentication import Verifier
from edge.correlation import TrustedPeers
from edge.metrics import RequestMetrics
from edge.refused_tokens import CountingVerifier
from lms.composition import AUDIENCE, CommandSide, Pool, command_side, token_verifier
from lms.directory import directory_accounts
from lms.processes.serving import serve
from lms.settings import Settings
from lms.sso import single_sign_on
from write_api.app import Doors, create_write_api
from write_api.refused_tokens import OurOwn, count_tokens
from write_api.threads import Threads

CONNECTIONS = 16


def main(settings: Settings) -> None:
    """Serves until a signal."""
    with (
        command_side(settings, connections=CONNECTIONS) as side,
        token_verifier(settings, side.pool) as verifier,
    ):
        threads = Threads(CONNECTIONS)
        side.signing_keys.ensure()
        app = create_write_api(
            side.log,
            side.dispatcher,
            doors(settings, side, verifier),
            threads,
            verifier=_counting(settings, side, verifier),
            checks={"database": lambda: _answers(side.pool)},
            metrics=RequestMetrics(REGISTRY),
            version=version("lms"),
            peers=TrustedPeers(settings.peers_of_apis),
            public_url=settings.public_url,
            fetch_positions=lambda: asyncio.to_thread(_positions, side.pool),
        )
        try:
            serve(app, settings, settings.write_api_port)
        finally:
            threads.close()


def _counting(settings: Settings, side: CommandSide, verifier: TokenVerifier) -> Verifier:
    """The verifier, also of our own processes, that counts whom it refuses."""
    refusals = Refusals(side.pool, side.keys.hashing)
    counting = CountingVerifier(verifier, partial(count_tokens, refusals))
    return OurOwn(counting, settings.internal_token)


def doors(settings: Settings, side: CommandSide, verifier: TokenVerifier) -> Doors:
    """The ways into the system, each with what it needs."""
    issuer = TokenIssuer(
        side.signing_keys,
        issuer=settings.public_url,
        audience=AUDIENCE,
        seconds_valid=settings.access_token_minutes * 60,
        is_revoked=verifier.is_revoked,
    )
    log, dispatcher, passwords = side.log, side.dispatcher, side.passwords
    sessions = Sessions(side.pool, longest_session=timedelta(days=settings.refresh_token_days))
    challenges, totp = Challenges(side.pool), Totp(side.pool, side.keys)
    codes = RecoveryCodes(side.pool, side.keys.hashing)
    throttle = Throttle(side.pool, side.keys.hashing)
    refusals = Refusals(side.pool, side.keys.hashing)
    door = Doorkeeper(throttle, refusals)
    check = FactorCheck(dispatcher, totp, codes, door)
    admission = Admission(
        log, dispatcher, sessions, challenges, issuer, enforced=settings.roles_with_second_factor
    )
    sso, directory = SsoTables(side.pool, side.keys), directory_accounts(settings, side)
    return Doors(
        Accounts(log, dispatcher, passwords, sessions, door, admission, check, directory),
        SecondFactors(
            *(log, dispatcher, admission, passwords, sessions, challenges, totp, codes, door, sso),
            directory,
        ),
        ClientCredentials(log, dispatcher, ClientSecrets(side.pool), sessions, door, issuer),
        KeyRotation(dispatcher, side.signing_keys),
        _forgotten(settings, side, refusals, throttle),
        single_sign_on(settings, side, sessions, sso, door, admission),
        refusals,
    )


def _forgotten(
    settings: Settings, side: CommandSide, refusals: Refusals, guessing: Throttle
) -> ForgottenPasswords:
    apart = hmac.digest(side.keys.hashing, b"lms password resets", "sha256")
    asking = Throttle(side.pool, apart, per_account=RESETS_PER_NAME, per_address=RESETS_PER_ADDRESS)
    return ForgottenPasswords(
        side.log, side.dispatcher, Resets(side.pool), refusals, asking=asking, guessing=guessing
    )


def _positions(pool: Pool) -> Mapping[str, int]:
    with pool.connection() as connection:
        return dict(
            connection.execute(
                "SELECT name, position FROM projections.position WHERE state = 'live'"
            ).fetchall()
        )


async def _answers(pool: Pool) -> None:
    def ask() -> None:
        with pool.connection(timeout=1) as connection:
            connection.execute("SELECT 1")

    await asyncio.to_thread(ask)
