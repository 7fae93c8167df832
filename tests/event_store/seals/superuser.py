"""Who owns the database, and does as they like to the history in it."""

from event_store.seals import tables
from event_store.seals.leaf import COLUMNS, copied, hash_of, position_of
from event_store.seals.merkle import Frontier
from event_store.seals.verdict import Kind, Problem, Verdict
from event_store.seals.verify import Remembered
from tests.event_store.seals.sealing import Owner, Sealing

EDIT = "UPDATE event_store.events SET {} WHERE position = %s"
MOVE = "UPDATE event_store.events SET position = %s WHERE position = %s"
INSERT = """
INSERT INTO event_store.events (position, stream_id, stream_type, version, type, data, metadata)
VALUES (%s, gen_random_uuid(), 'course', 1, 'course.archived.v1', '{}', '{}')"""


class History:
    """Fifty sealed events, ten to a checkpoint, in the hands of a superuser.

    What they do is undone after the test: it is done, and looked at, in one transaction.
    """

    def __init__(self, sealing: Sealing, superuser: Owner, positions: list[int]) -> None:
        self.sealing = sealing
        self.superuser = superuser
        self.positions = positions

    def do(self, statement: str, *params: object) -> None:
        self.superuser.execute(statement, params)

    def edit(self, number: int, change: str = "data = '{}'") -> None:
        self.do(EDIT.format(change), self.positions[number])

    def delete(self, number: int) -> None:
        self.do("DELETE FROM event_store.events WHERE position = %s", self.positions[number])

    def verdict(self, remembered: Remembered | None = None) -> Verdict:
        return self.sealing.verdict(remembered, by=self.superuser)

    @property
    def problem(self) -> Problem:
        """The one that there is."""
        (problem,) = self.verdict().problems
        return problem

    @property
    def located(self) -> list[tuple[Kind, int | None, int | None]]:
        """Kind, number and position of each problem."""
        return [(each.kind, each.number, each.position) for each in self.verdict().problems]


def cut_off(owner: Owner, position: int) -> None:
    owner.execute("DELETE FROM event_store.events WHERE position >= %s", (position,))


def cut_off_seals(owner: Owner, size: int) -> None:
    one_leaf_a_page(owner)
    owner.execute("DELETE FROM seals.leaf_pages WHERE first >= %s", (size,))
    owner.execute("DELETE FROM seals.nodes WHERE (index + 1) << level > %s", (size,))
    owner.execute("DELETE FROM seals.checkpoints WHERE size > %s", (size,))


def rehash(owner: Owner) -> None:
    """Makes leaves and nodes fit the events, as who has the source could."""
    rows = [*copied(owner, f"SELECT {COLUMNS} FROM event_store.events ORDER BY position")]
    positions, hashes = [position_of(row) for row in rows], [hash_of(row) for row in rows]
    owner.execute("DELETE FROM seals.leaf_pages")
    owner.execute("DELETE FROM seals.nodes")
    tables.add(owner, 0, positions, hashes, Frontier().extend(hashes))


def one_leaf_a_page(owner: Owner) -> None:
    """Puts each leaf in a page of its own, so that one can be taken away or given a number."""
    owner.execute("CREATE TEMP TABLE alone AS SELECT number, position, hash FROM seals.leaves")
    owner.execute("DELETE FROM seals.leaf_pages")
    owner.execute(
        "INSERT INTO seals.leaf_pages SELECT number, ARRAY[position], ARRAY[hash] FROM alone"
    )
    owner.execute("DROP TABLE alone")
