"""A projector in a process of its own, to be killed: follows the log in small batches."""

from __future__ import annotations

import asyncio
import sys

from bus.connection import Connection
from projections.process import run_projector
from projections.source import open_source
from tests.projections.history import MASTER_KEY
from tests.projections.tally import Tally


async def main(conninfo: str, nats_url: str) -> None:
    with open_source(conninfo, MASTER_KEY) as source:
        async with Connection(nats_url, "projector") as nats:
            await run_projector(source, nats, [Tally()])


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
