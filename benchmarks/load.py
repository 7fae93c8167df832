"""A load of HTTP requests from one process: as many keep-alive connections as there are requests.

Each connection sends its request again as soon as the answer is there. Requests are bytes made
beforehand and answers are only looked at for their status: the load must not cost more than what
is measured.
"""

import asyncio
import time
from collections.abc import Sequence

import msgspec
import uvloop


class Load(msgspec.Struct, frozen=True):
    """What came of a load; `latencies` are in seconds, in the order of the answers."""

    seconds: float
    latencies: list[float]
    statuses: dict[int, int]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, percent: float) -> float:
        """The latency in seconds that so many percent of all stay at or under."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def request(method: str, path: str, token: str, body: bytes) -> bytes:
    """A whole HTTP/1.1 request with a JSON body."""
    return (
        f"{method} {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def load(port: int, requests: Sequence[bytes], seconds: float) -> Load:
    """Sends for so many seconds, one connection for each request."""
    return uvloop.run(_load(port, requests, seconds))


async def _load(port: int, requests: Sequence[bytes], seconds: float) -> Load:
    latencies: list[float] = []
    statuses: dict[int, int] = {}
    started = time.perf_counter()
    await asyncio.gather(
        *(_connection(port, each, started + seconds, latencies, statuses) for each in requests)
    )
    return Load(time.perf_counter() - started, latencies, statuses)


async def _connection(
    port: int, data: bytes, until: float, latencies: list[float], statuses: dict[int, int]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while (sent := time.perf_counter()) < until:
        writer.write(data)
        head = await reader.readuntil(b"\r\n\r\n")
        lowered = head.lower()
        start = lowered.index(b"content-length:") + 15
        await reader.readexactly(int(lowered[start : lowered.index(b"\r\n", start)]))
        status = int(head[9:12])
        statuses[status] = statuses.get(status, 0) + 1
        latencies.append(time.perf_counter() - sent)
    writer.close()
