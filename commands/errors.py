"""Why a command was not carried out, besides what the domain says."""

from domain.errors import Conflict, DomainError, Forbidden, Invalid


class VersionMismatch(DomainError):
    """The stream isn't at the version that `If-Match` names."""

    code = "version-mismatch"


class IdempotencyKeyReused(Invalid):
    """The same key came with another command before."""

    code = "idempotency-key-reused"

    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key was used for a different command.", field="Idempotency-Key"
        )


class NotAPerson(Forbidden):
    """It is for people with an account, not for programs."""

    code = "not-a-person"

    def __init__(self) -> None:
        super().__init__("Only a person can do this.")


class NotEnrolled(Conflict):
    """Only who is, or was, enrolled in the course may do this."""

    code = "not-enrolled"

    def __init__(self) -> None:
        super().__init__("Enrol in the course first.")


class TooMuchContention(Exception):
    """Others kept changing the same stream; trying again later will do."""
