"""The policies in a process of their own, to be killed."""

import asyncio
import sys

import msgspec

from bus.connection import Connection
from policies.process import run_policies
from tests.commands.system import System
from tests.policies.equipped import equipped
from tests.servers.postgres import Database


async def main(database: Database, nats_url: str) -> None:
    system = System(database)
    with equipped(database, system) as equipment:
        async with Connection(nats_url, "policies") as nats:
            await run_policies(database.write_url, equipment, nats)


if __name__ == "__main__":
    asyncio.run(main(msgspec.json.decode(sys.argv[1], type=Database), sys.argv[2]))
