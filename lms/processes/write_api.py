"""The API that takes commands."""

import asyncio
from datetime import timedelta
from importlib.metadata import version

from prometheus_client import REGISTRY

from access.sessions import Sessions
from access.throttle import Throttle
from access.tokens import TokenIssuer
from commands.login import Accounts
from edge.correlation import TrustedPeers
from edge.metrics import RequestMetrics
from lms.composition import AUDIENCE, CommandSide, Pool, command_side, token_verifier
from lms.directory import directory_accounts
from lms.processes.serving import serve
from lms.settings import Settings
from lms.sso import single_sign_on
from write_api.app import create_write_api
from write_api.threads import Threads

CONNECTIONS = 16


def main(settings: Settings) -> None:
    """Serves until a signal."""
    with command_side(settings, connections=CONNECTIONS) as side:
        threads = Threads(CONNECTIONS)
        side.signing_keys.ensure()
        sessions = Sessions(side.pool, longest_session=timedelta(days=settings.refresh_token_days))
        accounts = _accounts(settings, side, sessions)
        app = create_write_api(
            side.log,
            side.dispatcher,
            accounts,
            single_sign_on(settings, side, sessions, accounts.admit),
            threads,
            verifier=token_verifier(settings, side.pool),
            checks={"database": lambda: _answers(side.pool)},
            metrics=RequestMetrics(REGISTRY),
            version=version("lms"),
            peers=TrustedPeers(settings.peers_of_apis),
        )
        try:
            serve(app, settings, settings.write_api_port)
        finally:
            threads.close()


def _accounts(settings: Settings, side: CommandSide, sessions: Sessions) -> Accounts:
    issuer = TokenIssuer(
        side.signing_keys,
        issuer=settings.public_url,
        audience=AUDIENCE,
        seconds_valid=settings.access_token_minutes * 60,
    )
    return Accounts(
        side.log,
        side.dispatcher,
        side.passwords,
        sessions,
        Throttle(side.pool, settings.master_key),
        issuer,
        directory_accounts(settings, side),
    )


async def _answers(pool: Pool) -> None:
    def ask() -> None:
        with pool.connection(timeout=1) as connection:
            connection.execute("SELECT 1")

    await asyncio.to_thread(ask)
