"""In which groups of the directory somebody is: rows beside the log, as a group's stream knows its
members, but nobody's stream knows their groups.

Joining a group and leaving the directory at the same moment meet at no common stream. They meet
here, at a foreign key, in the transactions of their events: a membership refers to the row that
says that its person may be in groups.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from access.statement import Statement

GROUPS_OF: Final = "SELECT group_id FROM access.memberships WHERE learner_id = %s ORDER BY group_id"
"""SQL: the groups that somebody is in."""


def joined_statement(group_id: UUID, learner_ids: Sequence[UUID]) -> Statement:
    """These people are in the group from now on; the foreign key refuses whoever has left."""
    ids = sorted(learner_ids)  # two commands at once wait for each other in one order only
    return (
        (
            "WITH known AS (INSERT INTO access.members (learner_id)"
            " SELECT unnest(%s::uuid[]) ON CONFLICT DO NOTHING)"
            " INSERT INTO access.memberships (learner_id, group_id)"
            " SELECT unnest(%s::uuid[]), %s ON CONFLICT DO NOTHING"
        ),
        (ids, ids, group_id),
    )


def left_statement(group_id: UUID, learner_ids: Sequence[UUID]) -> Statement:
    """These people are in the group no more."""
    return (
        "DELETE FROM access.memberships WHERE group_id = %s AND learner_id = ANY(%s)",
        (group_id, list(learner_ids)),
    )


def departed_statement(learner_id: UUID) -> Statement:
    """This person may be in no group from now on; refused while they are in one."""
    return (
        (
            "INSERT INTO access.members (learner_id, may_join) VALUES (%s, false)"
            " ON CONFLICT (learner_id) DO UPDATE SET may_join = false"
        ),
        (learner_id,),
    )


def returned_statement(learner_id: UUID) -> Statement:
    """This person may be in groups again."""
    return (
        "UPDATE access.members SET may_join = true WHERE learner_id = %s AND NOT may_join",
        (learner_id,),
    )
