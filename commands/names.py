"""Keeping names unique across streams."""

from uuid import UUID

from commands.work import Work
from domain.identity import unique_name_id
from domain.unique_name import UniqueName
from event_store.application import Log


def claim_name(work: Work, kind: str, name: str, owner_id: UUID) -> UniqueName:
    """Claims a name for its owner; to be saved in the same transaction. Raises `NameTaken`."""
    claimed = work.find(UniqueName, unique_name_id(kind, name))
    if claimed is None:
        return UniqueName.claim(kind=kind, name=name, owner_id=owner_id, at=work.now)
    claimed.reclaim(owner_id=owner_id, at=work.now)
    return claimed


def release_name(work: Work, kind: str, name: str) -> UniqueName:
    """Gives a name up; to be saved in the same transaction."""
    claimed = work.get(UniqueName, unique_name_id(kind, name))
    claimed.release(at=work.now)
    return claimed


def owner_of(log: Log, *name_ids: UUID) -> UUID | None:
    """Who has one of these names now; the ids are those of `unique_name_id`.

    Asks the database once for each name, and nothing more if there is such a name: no cache and no
    early end tells by its time whether there is.
    """
    last = [event for id in name_ids for event in [*log.events.get(id, desc=True, limit=1), None]]
    owners = (getattr(event, "owner_id", None) for event in last)
    return next((owner for owner in owners if owner is not None), None)
