"""`lms audit verify`: whether history is as it was sealed, and where not."""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from event_store.seals.checkpoint import Checkpoint
from event_store.seals.export import remembered
from event_store.seals.verdict import Verdict
from lms.sealing import verify_live
from lms.settings import Settings


class Unreadable(ValueError):
    """A file that holds neither checkpoints nor an export."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What else is known of the log, and in which form to tell."""
    parser.add_argument(
        "--kept",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="a checkpoint, an export or a witness file kept from before; may be repeated",
    )
    parser.add_argument("--json", action="store_true", help="for programs")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Prints what was found; 1 when something was."""
    checkpoints: list[Checkpoint] = []
    leaves: dict[int, bytes] = {}
    for file in options.kept:
        for found in _kept(file):
            if isinstance(found, Checkpoint):
                checkpoints.append(found)
            else:
                leaves[found[0]] = found[1]
    progress = _progress if sys.stderr.isatty() else _silent
    verdict = verify_live(settings, checkpoints, leaves, progress)
    if options.json:
        print(msgspec.json.format(msgspec.json.encode(verdict)).decode())
    else:
        print(_told(verdict))
        advice = _when_it_holds(options.kept) if verdict.holds else _when_it_does_not(settings)
        print(advice)
    return 0 if verdict.holds else 1


def _kept(file: Path) -> Iterable[Checkpoint | tuple[int, bytes]]:
    """What a file proves: one note, or the lines of a witness or of an export."""
    content = file.read_bytes()
    if not content.startswith(b"{"):
        return [Checkpoint.parse(content.decode())]
    try:
        lines = [_line(line) for line in content.splitlines()]
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"{file} is neither a checkpoint nor an export: {error}") from None
    return [found for found in lines if found is not None]


def _line(line: bytes) -> Checkpoint | tuple[int, bytes] | None:
    content = json.loads(line)
    return remembered(line) if "kind" in content else Checkpoint.parse(content["note"])


def _told(verdict: Verdict) -> str:
    pace = verdict.events / max(verdict.seconds, 1e-9)
    lines = [str(problem) for problem in verdict.problems]
    lines.append(
        f"{verdict.events} events, {verdict.sealed} of them sealed, in {verdict.seconds:.1f} s"
        f" ({pace:,.0f}/s); {verdict.checkpoints} checkpoints, {verdict.witnessed} from outside"
    )
    if verdict.unsealed_since is not None:
        lines.append(f"not sealed yet: {verdict.unsealed}, since {verdict.unsealed_since:%FT%TZ}")
    lines.append(
        "history is as it was sealed" if verdict.holds else "history is NOT as it was sealed"
    )
    return "\n".join(lines)


def _when_it_holds(kept: Sequence[Path]) -> str:
    """What has been proved, and against whom."""
    if kept:
        return "It is also what the files given with --kept knew."
    return (
        "Compared with the witness file of this machine. Against those who administer it, too, it\n"
        "is proved by a checkpoint that you have kept elsewhere: --kept FILE (docs/seals.md)."
    )


def _when_it_does_not(settings: Settings) -> str:
    """What to do now."""
    return f"""
What now:
- Change nothing: keep this output, the database as it is, and {settings.witness_file}.
- `lms audit trace POSITION` tells what an event says now, and what it was about.
- What it said before is in backups and exports from then: `lms audit verify --kept FILE`
  compares with an export, and names each event that was rewritten.
- After a backup was restored, what came after it is `cut-off`, and nothing else may be wrong:
  docs/seals.md tells how to go on. In all other cases somebody could write to the database
  who must not: find out who had its owner's password."""


def _progress(done: int, of: int) -> None:
    print(f"\r{done:,} of {of:,}", end="\n" if done == of else "", file=sys.stderr)


def _silent(done: int, of: int) -> None:
    return None
