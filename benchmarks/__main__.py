"""Measures everything and writes `docs/benchmarks.md`; or only the measurements named."""

import importlib
import sys

from benchmarks.measure import Result

NAMES = ("append", "http_command", "visibility", "projection_rebuild")


def main() -> int:
    """0 when every target is met."""
    results: list[Result] = []
    for name in sys.argv[1:] or NAMES:
        print(f"{name} …", file=sys.stderr, flush=True)
        for result in importlib.import_module(f"benchmarks.{name}").run():
            print(f"  {result.what}: {result.measured} ({result.target}) — {result.detail}")
            results.append(result)
    return 0 if all(result.met for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
