"""Who is an administrator: rows that keep the last one from being lost.

They stand beside the log because two commands that each unmake another administrator meet at no
common stream. They meet here, at a trigger, in the transactions of their events.
"""

from uuid import UUID

from access.statement import Statement

CAN_DO_WITHOUT = (
    "SELECT NOT EXISTS (SELECT FROM access.administrators WHERE learner_id = %s)"
    " OR EXISTS (SELECT FROM access.administrators WHERE learner_id <> ALL (%s))"
)
"""Of an account and a list with it and all others that are about to be lost."""


def administrator_statement(learner_id: UUID, *, is_one: bool) -> Statement:
    """An active account is an administrator's from now on, or isn't; refused, like a row that
    another refers to, for the last one."""
    if is_one:
        return (
            "INSERT INTO access.administrators (learner_id) VALUES (%s) ON CONFLICT DO NOTHING",
            (learner_id,),
        )
    return "DELETE FROM access.administrators WHERE learner_id = %s", (learner_id,)
