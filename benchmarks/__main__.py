"""Measures everything and writes the table in `docs/benchmarks.md`; or only what is named."""

import importlib
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measure import Result

NAMES = (
    "append",
    "http_command",
    "visibility",
    "projection_rebuild",
    "authorization",
    "compliance",
    "analytics_load",
    "membership",
    "provisioning",
    "audit_search",
    "seals",
    "personal_fields",
)
PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"
BEGIN, END = "<!-- measured -->", "<!-- /measured -->"


def main() -> int:
    """0 when every target is met."""
    chosen = sys.argv[1:] or NAMES
    results = [result for name in chosen for result in _run(name)]
    if not sys.argv[1:]:
        before, _, rest = PAGE.read_text().partition(BEGIN)
        _, _, after = rest.partition(END)
        PAGE.write_text(before + _table(results) + after)
    return 0 if all(result.met for result in results) else 1


def _run(name: str) -> Sequence[Result]:
    print(f"{name} …", file=sys.stderr, flush=True)
    results: Sequence[Result] = importlib.import_module(f"benchmarks.{name}").run()
    for result in results:
        print(f"  {result.what}: {result.measured} ({result.target}) — {result.detail}", flush=True)
    return results


def _table(results: Sequence[Result]) -> str:
    when = datetime.now(UTC).date()
    load = os.getloadavg()[2]
    lines = [
        BEGIN,
        f"Measured on {when} on {os.cpu_count()} cores (load average {load:.1f}).",
        "",
        "| what | target | measured | | in detail |",
        "|---|---|---|---|---|",
    ]
    for each in results:
        sign = "✓" if each.met else "✗"
        lines.append(f"| {each.what} | {each.target} | {each.measured} | {sign} | {each.detail} |")
    return "\n".join([*lines, END])


if __name__ == "__main__":
    sys.exit(main())
