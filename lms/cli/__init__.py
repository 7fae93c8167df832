"""The command `lms`.

A sub-command is a module here, named like it, with `arguments(parser)` and `run(options,
settings) -> exit code`, and a line in `COMMANDS`. It is imported only when it is asked for.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Protocol, cast

import psycopg

from lms.settings import Settings, SettingsError, misspelt

COMMANDS = {
    "up": "start everything: servers, migrations, seeds, processes; Ctrl-C stops it",
    "info": "say where everything is",
    "seed": "fill it with something to try it on",
    "migrate": "bring the database up to date",
    "projections": "say how projections are doing; rebuild them, retry parked events",
    "inspection": "make signed copies of records for an inspector",
    "policies": "say how policies are doing; retry parked events",
    "audit": "search history, tell lives and traces in words; verify, export and prove it",
    "verify": "prove that read models equal history",
    "analytics": "serve DuckDB to analysts, say how to attach, export Parquet",
    "ldap": "bring accounts up to date with the company's directory",
    "epoch": "mend the log's epoch after it was restored into another cluster",
    "erase": "after a restore, erase again who had been erased",
    "retention": "let records expire that no policy keeps any longer",
    "backup": "save the log, and apart from it the keys",
    "restore": "bring the system back from a backup",
    "keys": "the keys that sign access tokens, and those that wrap all others; rotate either",
    "permissions": "print who may do what, as a page of Markdown",
    "asyncapi": "print the description of every event, as AsyncAPI 3.0",
    "run": "run one process in the foreground",
    "health": "say whether a process does its work",
}


class SubCommand(Protocol):
    """What a module of this package must have."""

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declares the sub-command's arguments."""

    def run(self, options: argparse.Namespace, settings: Settings) -> int:
        """Does the work; returns the exit code."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one sub-command; returns its exit code. Problems with settings are 2."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(
        prog="lms",
        description="An event-sourced learning management system.",
        epilog="Settings are environment variables; .env.example lists them.",
    )
    choices = parser.add_subparsers(dest="command", metavar="command", required=True)
    for name, help_text in COMMANDS.items():
        choice = choices.add_parser(name, help=help_text, description=f"{help_text}.".capitalize())
        if name in given[:1]:
            _module(name).arguments(choice)
    options = parser.parse_args(given)
    return _run(_module(options.command), options)


def _module(name: str) -> SubCommand:
    return cast("SubCommand", import_module(f"lms.cli.{name}"))


def _run(command: SubCommand, options: argparse.Namespace) -> int:
    for sentence in misspelt(os.environ):
        print(f"warning: {sentence}", file=sys.stderr)
    try:
        return command.run(options, Settings.load(os.environ))
    except SettingsError as error:
        for problem in error.problems:
            print(f"error: {problem}", file=sys.stderr)
        return 2
    except psycopg.OperationalError as error:
        print(f"error: {error}", file=sys.stderr)
        print("Is the stack up? `lms up` starts it, `lms info` says where.", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 0
