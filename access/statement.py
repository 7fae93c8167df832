"""SQL to be run in someone else's transaction, together with the events it belongs to."""

from collections.abc import Sequence
from typing import LiteralString, TypeAlias

Statement: TypeAlias = tuple[LiteralString, Sequence[object]]
"""(SQL, parameters), in the form that psycopg's `execute` takes."""
