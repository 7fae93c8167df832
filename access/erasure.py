"""What operational tables know of a person, all of it deleted when they are erased."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from access.statement import Statement

_BY_LEARNER: Final = (
    "access.credentials",
    "access.former_passwords",
    "access.totp",
    "access.recovery_codes",
    "access.login_challenges",  # with access.sso_challenges
    "access.sessions",  # with access.refresh_tokens and access.sso_sessions
    "access.reset_tokens",
    "access.outgoing_mail",
    "access.refusals",
    "access.external_identities",
)


def turn_statement() -> Statement:
    """Waits until no erasure is being recorded; holds and policies are put in order with them."""
    return "SELECT erasure.take_turn()", ()


def unchanged_statement(
    streams: Sequence[UUID], versions: Sequence[int], by: UUID | None
) -> Statement:
    """Fails as a conflict does when one of the streams has gone on, or `by` was deactivated, while
    an erasure was decided: of two decisions that exclude each other only one is recorded."""
    return (
        "SELECT erasure.check_unchanged(%s, %s, %s)",
        (list(streams), list(versions), by),
    )


def forget_statements(learner_id: UUID, *name_ids: UUID) -> list[Statement]:
    """Deletes everything that names the person; `name_ids` are the streams of their names.

    What stays are keyed hashes (of throttled names, until they are swept), that the account is
    closed, for as long as tokens may still be good, and that nobody puts it into a group.
    """
    return [
        *((f"DELETE FROM {table} WHERE learner_id = %s", (learner_id,)) for table in _BY_LEARNER),
        (
            "DELETE FROM access.reset_wishes WHERE username_id = ANY(%s) OR email_id = ANY(%s)",
            (list(name_ids), list(name_ids)),
        ),
        ("DELETE FROM access.placements WHERE id = %s", (learner_id,)),
        (
            "UPDATE provisioning.import_rows SET learner_id = NULL WHERE learner_id = %s",
            (learner_id,),
        ),
    ]


def scrub_statement(erasure_id: UUID, learner_id: UUID) -> Statement:
    """Notes that copies in clear are to be looked for and rewritten."""
    return (
        "INSERT INTO erasure.scrubs (erasure_id, learner_id) VALUES (%s, %s)",
        (erasure_id, learner_id),
    )
