"""`lms audit`: what auditors ask from the command line.

An action is a module with `arguments(parser)` and `run(options, settings) -> exit code`, and a line
in `ACTIONS`.
"""

import argparse
from collections.abc import Mapping
from types import ModuleType
from typing import Final

from lms.cli import audit_life, audit_trace
from lms.settings import Settings

ACTIONS: Final[Mapping[str, tuple[ModuleType, str]]] = {
    "life": (audit_life, "tell every change of one stream, in words"),
    "trace": (audit_trace, "tell what led to an event, as a tree"),
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which action, with the action's own arguments."""
    actions = parser.add_subparsers(dest="action", metavar="action", required=True)
    for name, (module, help_text) in ACTIONS.items():
        module.arguments(actions.add_parser(name, help=help_text))


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Does what was asked for."""
    code: int = ACTIONS[options.action][0].run(options, settings)
    return code
