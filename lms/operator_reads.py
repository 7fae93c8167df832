"""What the command line shows of the audit trail is recorded first, as the read API does.

Whoever has a shell on the server has no account here, so it is recorded who they are to the
operating system. What can't be recorded isn't shown.
"""

import os
import pwd
import socket
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import psycopg

from access.actor import SYSTEM
from commands.audit_read import RecordOperatorRead
from commands.context import Context
from commands.dispatcher import Dispatcher
from event_store.errors import EpochTooLow, LogUnavailable, WrongMasterKey
from lms.composition import command_side
from lms.settings import Settings

_LOGGED_IN: Final = Path("/proc/self/loginuid")
"""Set once at log-in and kept by the kernel through sudo and su."""
_NOBODY: Final = 2**32 - 1
_LONGEST: Final = 200
_FAILED: Final = (psycopg.Error, LogUnavailable, EpochTooLow, WrongMasterKey)

Filters = Mapping[str, Sequence[str]]


class ReadNotRecorded(Exception):
    """That somebody reads can't be recorded, so they are shown nothing."""

    def __init__(self, why: Exception) -> None:
        super().__init__(f"that this is read can't be recorded, so it isn't shown: {why}")


class OperatorReads:
    """Records reads of the one at the command line."""

    def __init__(self, dispatcher: Dispatcher, operator: str) -> None:
        self._dispatcher = dispatcher
        self._operator = operator
        self._correlation_id = uuid4()

    def record(
        self,
        query: str,
        filters: Filters,
        *,
        about: Collection[UUID] = (),
        positions: Sequence[int] | None = None,
        count: int | None = None,
    ) -> None:
        """Records that `query` gives the events at `positions` (None: no list of events).

        Of very many, `positions` may be the first and the last, and `count` how many there are.
        Raises ReadNotRecorded; then nothing may be shown.
        """
        command = RecordOperatorRead(
            query=query,
            filters={name: [each[:_LONGEST] for each in given] for name, given in filters.items()},
            about=sorted(set(about)),
            count=len(positions) if count is None and positions is not None else count,
            first=min(positions) if positions else None,
            last=max(positions) if positions else None,
            operator=self._operator[:_LONGEST],
        )
        context = Context(
            actor=SYSTEM,
            now=datetime.now(UTC),
            correlation_id=self._correlation_id,
            command_id=uuid4(),
        )
        try:
            self._dispatcher.dispatch(command, context)
        except _FAILED as error:
            raise ReadNotRecorded(error) from error


@contextmanager
def operator_reads(settings: Settings) -> Iterator[OperatorReads]:
    """What records the reads of this process. Raises ReadNotRecorded."""
    with ExitStack() as stack:
        try:
            side = stack.enter_context(command_side(settings, connections=2))
        except _FAILED as error:
            raise ReadNotRecorded(error) from error
        yield OperatorReads(side.dispatcher, operator())


def operator() -> str:
    """Who runs this process, and where: `root@lms-1 (logged in as alice)`.

    Not from the environment, which anybody can set.
    """
    user, logged_in = os.getuid(), _logged_in()
    called = f"{_name(user)}@{socket.gethostname()}"
    if logged_in is None or logged_in == user:
        return called
    return f"{called} (logged in as {_name(logged_in)})"


def _logged_in() -> int | None:
    try:
        user = int(_LOGGED_IN.read_text())
    except (OSError, ValueError):
        return None  # no Linux, or one that doesn't keep it
    return None if user == _NOBODY else user


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"uid {user}"
