"""`lms asyncapi`."""

import argparse
import json
from importlib.metadata import version

from bus.asyncapi import asyncapi
from domain.catalogue import AGGREGATES
from event_store.event_type import EventTypes
from lms.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """Takes none."""


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Prints every event with its JSON Schema."""
    print(json.dumps(asyncapi(EventTypes(AGGREGATES), version=version("lms")), indent=2))
    return 0
