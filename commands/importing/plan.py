"""Who each row is, who their manager is, and in which order they can be brought in."""

from collections.abc import Iterable
from uuid import UUID, uuid5

from commands.importing.people import Known, ids_of_owners
from commands.importing.rows import Row, name_ids
from commands.work import MAX_MANAGERS
from domain.identity import reporting_lines_id
from domain.learner import Learner


def identify(rows: list[Row], known: Known, import_id: UUID) -> None:
    """Finds out who is here already: by external id, or else by user name, or else by address.

    Somebody new gets an id that is the same each time this import is tried.
    """
    names = [id for row in rows for id in row.names.values()]
    names += [id for row in rows for id in name_ids(row.cell("manager") or "").values()]
    known.fetch(names)
    known.fetch(ids_of_owners(known, names))
    for row in rows:
        _identify(row, known, import_id)
    _refuse_shared(rows)


def _identify(row: Row, known: Known, import_id: UUID) -> None:
    owners = {kind: known.owner(id) for kind, id in row.names.items()}
    found = {kind: owner for kind, owner in owners.items() if owner is not None}
    who = next((found[k] for k in ("external_id", "username", "email") if k in found), None)
    external_id = row.cell("external_id")
    if who is not None and "external_id" not in found and external_id and who.external_id:
        if who.deprovisioned:
            who = None  # somebody else who has the name now
        else:
            kind = "username" if "username" in found else "email"
            row.refuse(kind, "It belongs to somebody with another external id.")
    for kind, owner in found.items():
        if who is not None and owner.id != who.id and not owner.deprovisioned:
            row.refuse(kind, "It belongs to somebody else.")
    row.is_new = who is None
    if row.is_new and not any(map(row.cell, ("full_name", "given_name", "family_name"))):
        row.refuse("full_name", "full_name must not be empty.")
    row.learner_id = who.id if who else uuid5(import_id, str(row.number))


def _refuse_shared(rows: Iterable[Row]) -> None:
    """Two rows that are found to be about one person."""
    first: dict[UUID, Row] = {}
    for row in rows:
        other = first.setdefault(row.learner_id or UUID(int=0), row)
        if other is not row and not row.faults:
            row.refuse("username", f"Line {other.number} is about the same person.")


def find_managers(rows: list[Row], known: Known) -> None:
    """Whom each reports to: somebody in the file, in any line, or somebody here already."""
    in_file = {id: row for row in rows for id in row.names.values()}
    for row in rows:
        called = row.cell("manager")
        if called is None:
            continue
        ids = name_ids(called).values()
        manager = next((in_file[id].learner_id for id in ids if id in in_file), None)
        owner = next(filter(None, map(known.owner, ids)), None)
        row.manager_id = manager or (owner.id if owner and not owner.deprovisioned else None)
        if row.manager_id is None:
            row.refuse("manager", "Nobody has this user name, e-mail address or external id.")
        elif row.manager_id == row.learner_id:
            row.refuse("manager", "Nobody is their own manager.")


def ordered(rows: list[Row], known: Known) -> list[Row]:
    """The rows without faults, managers before those who report to them.

    Refuses rows whose manager's row is refused, and those that would report to themselves.
    """
    by_id = {row.learner_id: row for row in rows}
    for row in rows:
        if row.manager_id is not None and not row.faults and _comes_back(row, by_id, known):
            row.refuse("manager", "The managers above lead back to this person, or don't end.")
    done: dict[UUID | None, bool] = {}
    order: list[Row] = []
    for row in rows:
        chain = [row]
        while (above := by_id.get(chain[-1].manager_id)) and above not in chain:
            if above.learner_id in done:
                break
            chain.append(above)
        for each in reversed(chain):
            _place(each, by_id, done, order)
    return order


def _place(
    row: Row, by_id: dict[UUID | None, Row], done: dict[UUID | None, bool], order: list[Row]
) -> None:
    if row.learner_id in done:
        return
    manager = by_id.get(row.manager_id) if row.manager_id else None
    if not row.faults and manager is not None and manager.faults and manager.is_new:
        row.refuse("manager", f"The manager, in line {manager.number}, is refused.")
    done[row.learner_id] = not row.faults
    if not row.faults:
        order.append(row)


def fetch_managers(rows: Iterable[Row], known: Known) -> None:
    """Loads everybody above the people in the file, level by level."""
    level = {id for row in rows for id in (row.learner_id, row.manager_id) if id}
    for _ in range(MAX_MANAGERS):
        known.fetch(level)
        people = filter(None, (known.find(Learner, id) for id in level))
        above = {person.manager_id for person in people}
        level = {id for id in above if id and not known.has(id)}
        if not level:
            return


def refresh_reporting_lines(rows: Iterable[Row], known: Known) -> None:
    """Loads anew whoever is above people who get another manager, before that is decided.

    The fence comes first: whatever changes a manager after that makes the recording fail.
    """
    moving = [row for row in rows if not row.faults and _gets_another_manager(row, known)]
    if not moving:
        return
    _load_anew([reporting_lines_id()], known)
    level = {id for row in moving for id in (row.learner_id, row.manager_id) if id}
    seen: set[UUID] = set()
    for _ in range(MAX_MANAGERS):
        _load_anew(level, known)
        seen |= level
        people = filter(None, (known.find(Learner, id) for id in level))
        level = {person.manager_id for person in people if person.manager_id} - seen
        if not level:
            return


def _gets_another_manager(row: Row, known: Known) -> bool:
    learner = known.find(Learner, row.learner_id) if row.learner_id else None
    return bool(learner and row.manager_id and row.manager_id != learner.manager_id)


def _load_anew(ids: Iterable[UUID], known: Known) -> None:
    ids = list(ids)
    known.forget(ids)
    known.fetch(ids)


def _comes_back(row: Row, by_id: dict[UUID | None, Row], known: Known) -> bool:
    above = row.manager_id
    for _ in range(MAX_MANAGERS):
        if above is None:
            return False
        if above == row.learner_id:
            return True
        other = by_id.get(above)
        if other is not None and other.manager_id is not None and not other.faults:
            above = other.manager_id
        else:
            learner = known.find(Learner, above)
            above = learner.manager_id if learner else None
    return True
