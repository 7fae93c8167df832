"""What a projection is: a name, a version, tables, and one method for each event it follows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, LiteralString, NamedTuple

from bus.handlers import handlers_of, on, stored_types
from event_store.record import Record
from projections.entry import Entry

__all__ = ["Handler", "Projection", "Statement", "on", "stored_types"]


class Statement(NamedTuple):
    """What to do to a projection's tables: SQL with `%s` placeholders, and what to put in them."""

    sql: LiteralString
    params: Sequence[object] | Mapping[str, object]


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
    follows_all: ClassVar[bool] = False
    """Whether it follows events of every type, those that this program doesn't know too."""
    handlers: ClassVar[Mapping[str, Handler]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.handlers = handlers_of(cls)
        if not hasattr(cls, "schema"):
            cls.schema = _schema_file(cls).read_text()

    @property
    def types(self) -> list[str]:
        """The stored types of all events that this projection has methods for."""
        return sorted(self.handlers)

    def follows(self, stored_type: str) -> bool:
        return self.follows_all or stored_type in self.handlers

    def prepare(self, entries: Sequence[Entry]) -> Iterable[Statement]:
        """What to do for these events, in their order. A projection that follows all has no
        methods for them: it overrides this, and gets many events at once."""
        for entry in entries:
            yield from self.handlers[entry.record.type](self, entry.event, entry.record)


def _schema_file(cls: type[Projection]) -> Path:
    folder = Path(__file__).parent
    return folder / f"{cls.__module__.rpartition('.')[2]}.sql"
