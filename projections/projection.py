"""What a projection is: a name, a version, tables, and one method for each event it follows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, LiteralString, NamedTuple

from bus.handlers import handlers_of, on, stored_types
from event_store.record import Record

__all__ = ["Handler", "Projection", "Statement", "on", "stored_types"]


class Statement(NamedTuple):
    """What to do to a projection's tables: SQL with `%s` placeholders, and what to put in them."""

    sql: LiteralString
    params: Sequence[object]


Handler = Callable[[Any, Any, Record], Iterable[Statement]]


class Projection:
    """The base of every read model. Subclasses set `name` and `version`, and mark with `on` one
    method for each class of event (or several) that they follow.

    A method gets the decoded event and its record, and yields what to do to the projection's own
    tables. The runner carries that out exactly once for each event, in order.

    The tables are created by `<module>.sql` next to the subclass's module, with unqualified names,
    or by `schema` where a subclass sets it. Raise `version` whenever tables or methods change: the
    projector then builds the new version from history and swaps the views.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    schema: ClassVar[str]
    handlers: ClassVar[Mapping[str, Handler]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.handlers = handlers_of(cls)
        if not hasattr(cls, "schema"):
            cls.schema = _schema_file(cls).read_text()

    @property
    def types(self) -> list[str]:
        """The stored types of all events that this projection follows."""
        return sorted(self.handlers)

    def statements(self, event: Any, record: Record) -> Iterable[Statement]:
        return self.handlers[record.type](self, event, record)


def _schema_file(cls: type[Projection]) -> Path:
    folder = Path(__file__).parent
    return folder / f"{cls.__module__.rpartition('.')[2]}.sql"
