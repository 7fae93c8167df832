"""Whether the restored log is still the one that was sealed."""

from collections.abc import Callable

from event_store.seals.verify import verify
from lms.backup.errors import Refused
from lms.sealing import connect, sealing_keys
from lms.settings import Settings


def check_seals(settings: Settings, say: Callable[[str], None]) -> None:
    """Compares every restored event with its seal. Raises Refused when one is broken.

    Witnesses from outside aren't asked: they know of events that the backup came before.
    """
    with connect(settings, "restore") as connection, sealing_keys(settings) as keys:
        verdict = verify(connection, keys.genuine(connection))
    if not verdict.holds:
        raise Refused("; ".join(str(problem) for problem in verdict.problems))
    say(f"seals: {verdict.sealed:,} of {verdict.events:,} events are as they were sealed")
