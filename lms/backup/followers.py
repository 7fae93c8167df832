"""What follows from the log outside its database: NATS and DuckDB. Wiped, they are made anew.

With every process stopped that does no harm, whatever becomes of the restore.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from nats.aio.client import Client
from nats.errors import Error
from nats.js.errors import NotFoundError

from bus.stream import STREAM
from lms.backup.errors import BackupFailed
from lms.settings import Settings
from lms.stack import embedded_nats

SECONDS: Final = 5


def check_nats(settings: Settings) -> None:
    """Raises BackupFailed when a NATS server that isn't ours to start can't be reached."""
    if not settings.embedded_nats:
        asyncio.run(_with_nats(settings.nats_url, _nothing))


def wipe(settings: Settings) -> None:
    """Deletes the stream, and the analytics database. Raises BackupFailed."""
    if settings.embedded_nats:
        embedded_nats(settings).wipe()
    else:
        asyncio.run(_with_nats(settings.nats_url, _delete_stream))
    for file in settings.duckdb_file.parent.glob(f"{settings.duckdb_file.name}*"):
        file.unlink()


async def _with_nats(url: str, act: Callable[[Client], Awaitable[None]]) -> None:
    client = Client()
    try:
        await client.connect(
            url,
            connect_timeout=SECONDS,
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            error_cb=_unsaid,
        )
        await act(client)
    except (Error, OSError) as error:
        raise BackupFailed(f"NATS can't be reached: {error or type(error).__name__}") from None
    finally:
        await client.close()


async def _delete_stream(client: Client) -> None:
    try:
        await client.jetstream().delete_stream(STREAM)
    except NotFoundError:
        return


async def _nothing(_: Client) -> None:
    return


async def _unsaid(_: Exception) -> None:
    """The error is raised as well."""
