"""Why a command was not carried out, besides what the domain says."""

from domain.errors import Conflict, DomainError, Invalid


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


class NotEnrolled(Conflict):
    """Only who is, or was, enrolled in the course may do this."""

    code = "not-enrolled"

    def __init__(self) -> None:
        super().__init__("Enrol in the course first.")


class TooMuchContention(Exception):
    """Others kept changing the same stream; trying again later will do."""
