"""The API that takes commands."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from importlib.metadata import version

from prometheus_client import REGISTRY

from access.challenges import Challenges
from access.client_secrets import ClientSecrets
from access.housekeeping import Housekeeping, keys_kept_for
from access.recovery_codes import RecoveryCodes
from access.sessions import Sessions
from access.throttle import Throttle
from access.tokens import TokenIssuer
from access.totp import Totp
from commands.admission import Admission
from commands.client_credentials import ClientCredentials
from commands.factors import SecondFactors
from commands.key_rotation import KeyRotation
from commands.login import Accounts
from edge.correlation import TrustedPeers
from edge.metrics import RequestMetrics
from lms.composition import AUDIENCE, CommandSide, Pool, command_side, token_verifier
from lms.processes.serving import serve
from lms.settings import Settings
from write_api.app import Doors, create_write_api
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
        sessions = Sessions(side.pool, longest_session=timedelta(days=settings.refresh_token_days))
        throttle = Throttle(side.pool, settings.master_key)
        housekeeping = Housekeeping(
            sessions,
            Challenges(side.pool),
            throttle,
            side.signing_keys,
            keys_kept=keys_kept_for(settings.access_token_minutes * 60),
        )
        app = create_write_api(
            side.log,
            side.dispatcher,
            doors(settings, side, sessions, throttle),
            threads,
            verifier=verifier,
            checks={"database": lambda: _answers(side.pool)},
            metrics=RequestMetrics(REGISTRY),
            version=version("lms"),
            peers=TrustedPeers(settings.peers_of_apis),
            public_url=settings.public_url,
            fetch_positions=lambda: asyncio.to_thread(_positions, side.pool),
        )
        housekeeping.start()
        try:
            serve(app, settings, settings.write_api_port)
        finally:
            housekeeping.stop()
            threads.close()


def doors(settings: Settings, side: CommandSide, sessions: Sessions, throttle: Throttle) -> Doors:
    """The ways into the system, each with what it needs."""
    issuer = TokenIssuer(
        side.signing_keys,
        issuer=settings.public_url,
        audience=AUDIENCE,
        seconds_valid=settings.access_token_minutes * 60,
    )
    log, dispatcher, challenges = side.log, side.dispatcher, Challenges(side.pool)
    admission = Admission(
        log, dispatcher, sessions, challenges, issuer, enforced=settings.roles_with_second_factor
    )
    accounts = Accounts(log, dispatcher, side.passwords, sessions, throttle, admission)
    factors = SecondFactors(
        log,
        dispatcher,
        admission,
        side.passwords,
        sessions,
        challenges,
        Totp(side.pool, settings.master_key),
        RecoveryCodes(side.pool, settings.master_key),
        throttle,
    )
    clients = ClientCredentials(
        log, dispatcher, ClientSecrets(side.pool), sessions, throttle, issuer
    )
    return Doors(accounts, factors, clients, KeyRotation(dispatcher, side.signing_keys))


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
