"""Whether the restored log is still the one that was sealed."""

from collections.abc import Callable

import psycopg

from lms.settings import Settings

_IS_SEALED = "SELECT to_regnamespace('seals') IS NOT NULL"


def check_seals(settings: Settings, say: Callable[[str], None]) -> None:
    """Checks the seals of the log, where it has any. Raises Refused when one is broken."""
    with psycopg.connect(settings.database_url) as owner:
        row = owner.execute(_IS_SEALED).fetchone()
    if row == (True,):
        say("seals: not checked; `lms audit verify` does it")
