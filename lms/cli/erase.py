"""`lms erase --replay`: after a restore, erases again who had been erased."""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import psycopg

from access.actor import Actor
from commands.context import Context
from commands.erasure import EraseLearner
from domain.erasure import LegalBasis
from domain.learner import Learner
from domain.roles import Role
from event_store.erasure import replay_erasures
from lms.composition import command_side
from lms.settings import Settings

CONSOLE = Actor(id=None, roles=frozenset({Role.ADMIN}))


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which erasures to carry out again."""
    parser.add_argument(
        "--replay",
        action="store_true",
        required=True,
        help="destroy the keys that a restore brought back of people whom the log says are erased",
    )
    parser.add_argument(
        "--tombstones",
        type=Path,
        help="also erase everyone in this file (erased.ndjson) whom the log doesn't know as erased",
    )


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Replays erasures; safe to repeat."""
    with psycopg.connect(settings.database_url, autocommit=True) as owner:
        print(f"{len(replay_erasures(owner))} keys destroyed again")
    if options.tombstones:
        print(f"{replay_tombstones(settings, options.tombstones)} people erased again")
    return 0


def replay_tombstones(settings: Settings, tombstones: Path) -> int:
    """Erases everyone whom the backup is too old to know as erased; returns how many.

    The decision was made before and stands in the file: nobody is asked again.
    """
    lines = [json.loads(line) for line in tombstones.read_text().splitlines() if line]
    erased = 0
    alone = Settings.load({**settings.environment(), "LMS_ERASURE_TWO_PERSONS": "off"})
    with command_side(alone, connections=2) as side:
        for line in lines:
            context = Context(
                actor=CONSOLE,
                now=datetime.now(UTC),
                correlation_id=uuid4(),
                command_id=uuid4(),
                reason=f"erased before, at {line['erased_at']}",
            )
            command = EraseLearner(
                learner_id=UUID(line["learner_id"]), legal_basis=LegalBasis.NO_LONGER_NECESSARY
            )
            known = side.log.find_latest(Learner, command.learner_id)
            if known is not None and not known.erased:
                side.dispatcher.dispatch(command, context)
                erased += 1
    return erased
