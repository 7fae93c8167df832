"""`lms audit`: what auditors ask from the command line.

An action is a module with `arguments(parser)` and `run(options, settings) -> exit code`, and a line
in `ACTIONS`.
"""

import argparse
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Final

from event_store.seals.checkpoint import NotACheckpoint
from event_store.seals.export import NothingSealed
from event_store.seals.keys import NotOurKey
from event_store.seals.tables import SubtreeMissing
from lms.cli import (
    audit_accept_restore,
    audit_export,
    audit_keys,
    audit_life,
    audit_rotate_key,
    audit_search,
    audit_trace,
    audit_verify,
)
from lms.operator_reads import ReadNotRecorded
from lms.settings import Settings

ACTIONS: Final[Mapping[str, tuple[ModuleType, str]]] = {
    "search": (audit_search, "find events: who did what, to whom, when, from where, why"),
    "life": (audit_life, "tell every change of one stream, in words"),
    "trace": (audit_trace, "tell what led to an event, as a tree"),
    "verify": (audit_verify, "say whether history is as it was sealed, or where not"),
    "export": (audit_export, "write events with proofs, as NDJSON"),
    "keys": (audit_keys, "print the public keys that sign checkpoints, as a JWK set"),
    "rotate-key": (audit_rotate_key, "sign checkpoints with a new key from now on"),
    "accept-restore": (
        audit_accept_restore,
        "go on from a restored backup: set the witness of the lost end aside",
    ),
}
REFUSED: Final = (NotACheckpoint, NothingSealed, NotOurKey, SubtreeMissing, audit_verify.Unreadable)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which action, with the action's own arguments."""
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    for name, (module, help_text) in ACTIONS.items():
        module.arguments(actions.add_parser(name, help=help_text))


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Does what was asked for."""
    try:
        code: int = ACTIONS[options.action][0].run(options, settings)
    except ReadNotRecorded as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except REFUSED as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return code
