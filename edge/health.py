"""`/health/live` says that the process runs, `/health/ready` that it can do its work."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from edge.problem import Fault, FieldError

Check = Callable[[], Awaitable[object]]
"""Returns when the part it stands for is ready, else raises."""

PATIENCE = 2.0


class Health(msgspec.Struct, frozen=True):
    """`status` is "live" or "ready"; `parts` are the names of what was found ready."""

    status: str
    parts: tuple[str, ...] = ()


async def readiness(checks: Mapping[str, Check]) -> Health | Fault:
    """Ask all parts at once, for two seconds at most; a 503 names those that aren't ready."""
    results = await asyncio.gather(*(_failure(check) for check in checks.values()))
    failures = [
        FieldError(name, failure)
        for name, failure in zip(checks, results, strict=True)
        if failure is not None
    ]
    if not failures:
        return Health(status="ready", parts=tuple(checks))
    return Fault(
        status=503,
        code="not-ready",
        detail=f"Not ready: {', '.join(failure.field for failure in failures)}.",
        errors=tuple(failures),
        headers={"Retry-After": "1"},
    )


async def _failure(check: Check) -> str | None:
    try:
        async with asyncio.timeout(PATIENCE):
            await check()
    except TimeoutError:
        return "It doesn't answer."
    except Exception as error:  # noqa: BLE001 -- whatever it is, the part isn't ready
        # The class only: a message may hold addresses and names, and this route is open.
        return f"It failed with {type(error).__name__}."
    return None
