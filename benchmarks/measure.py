"""How a measurement is told."""

import msgspec


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `docs/benchmarks.md`."""

    what: str
    target: str
    measured: str
    met: bool
    detail: str
