"""Whether a process does its work: more than that it runs.

Who answers HTTP is asked over HTTP. The others follow the log: they are ready when they turn and
what they follow it with is close to its end, whichever process of several does that.
"""

import asyncio
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from typing import Final

import psycopg

from bus.connection import NATS_DOWN, Connection
from bus.stream import find_tip
from lms.heartbeat import is_beating
from lms.processes.serving import local_host
from lms.settings import Settings
from lms.stack import PORTS
from lms.telemetry import lag
from lms.telemetry.lag import Connected, Follower, Lag

LATE: Final = 10.0
"""Seconds that the oldest event may wait to be dealt with."""
PATIENCE: Final = 4.0
PAUSE: Final = 0.1


def why_not_ready(settings: Settings, process: str) -> str | None:
    """What keeps a process of this machine from its work, in a few words; None when nothing."""
    if process in PORTS:
        return _over_http(local_host(settings), getattr(settings, PORTS[process]))
    if not is_beating(settings, process):
        return "it doesn't run"
    check = _FOLLOWING.get(process)
    try:
        return check(settings) if check else None
    except psycopg.Error as error:
        return f"the database can't be asked ({type(error).__name__})"


def not_yet_ready(settings: Settings, processes: Iterable[str], patience: float) -> dict[str, str]:
    """Waits until all are ready, for `patience` seconds at most; which aren't then, and why."""
    limit = time.monotonic() + patience
    waiting = dict.fromkeys(processes, "")
    while True:
        found = {process: why_not_ready(settings, process) for process in waiting}
        waiting = {process: reason for process, reason in found.items() if reason}
        if not waiting or time.monotonic() > limit:
            return waiting
        time.sleep(PAUSE)


def _over_http(host: str, port: int) -> str | None:
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/health/ready", timeout=PATIENCE):
            return None
    except urllib.error.HTTPError as refusal:
        with refusal:
            return f"it answers {refusal.code} {refusal.reason}"
    except OSError:
        return "it doesn't answer"


def _relay(settings: Settings) -> str | None:
    try:
        position = asyncio.run(_position_of_stream(settings.nats_url))
    except NATS_DOWN as error:
        return f"NATS can't be asked ({type(error).__name__})"
    if position is None:  # an empty stream: what is older needs no transport
        return None
    with lag.connect(settings.read_database_url) as connection:
        return _late("the stream", lag.behind(connection, position))


async def _position_of_stream(url: str) -> int | None:
    async with asyncio.timeout(PATIENCE), Connection(url, "health") as nats:
        await nats.wait()
        return (await find_tip(nats.jetstream)).position


def _projector(settings: Settings) -> str | None:
    return _followers(settings, lag.projections)


def _policies(settings: Settings) -> str | None:
    return _followers(settings, lag.policies)


def _sealer(settings: Settings) -> str | None:
    with lag.connect(settings.read_database_url) as connection:
        return _late("the seals", lag.behind(connection, lag.sealed(connection)))


def _followers(settings: Settings, ask: Callable[[Connected], list[Follower]]) -> str | None:
    with lag.connect(settings.read_database_url) as connection:
        found = [one for one in ask(connection) if one.state == "live"]
    if not found:
        return "it has not begun"
    reasons = [_late(one.name, Lag(one.events, one.seconds)) for one in found]
    return "; ".join(reason for reason in reasons if reason) or None


def _late(who: str, behind: Lag) -> str | None:
    if behind.seconds <= LATE:
        return None
    return f"{who} is {behind.events} events and {behind.seconds:.0f} s behind"


_FOLLOWING: Final[dict[str, Callable[[Settings], str | None]]] = {
    "relay": _relay,
    "projector": _projector,
    "policies": _policies,
    "sealer": _sealer,
}
