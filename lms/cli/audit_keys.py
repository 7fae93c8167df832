"""`lms audit keys`: the public keys that sign checkpoints."""

import argparse
import json

from event_store.seals.keys import jwks, public_keys
from lms.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """Takes none."""


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Prints what `GET /.well-known/seal-keys.json` answers."""
    print(json.dumps(jwks(public_keys(settings.seal_database_url)), indent=2))
    return 0
