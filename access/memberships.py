"""In which groups of the directory somebody is: rows beside the log, as a group's stream knows its
members, but nobody's stream knows their groups."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from access.statement import Statement

GROUPS_OF: Final = "SELECT group_id FROM access.memberships WHERE learner_id = %s ORDER BY group_id"
"""SQL: the groups that somebody is in."""


def joined_statement(group_id: UUID, learner_ids: Sequence[UUID]) -> Statement:
    """These people are in the group from now on."""
    return (
        (
            "INSERT INTO access.memberships (learner_id, group_id)"
            " SELECT unnest(%s::uuid[]), %s ON CONFLICT DO NOTHING"
        ),
        (list(learner_ids), group_id),
    )


def left_statement(group_id: UUID, learner_ids: Sequence[UUID]) -> Statement:
    """These people are in the group no more."""
    return (
        "DELETE FROM access.memberships WHERE group_id = %s AND learner_id = ANY(%s)",
        (group_id, list(learner_ids)),
    )
