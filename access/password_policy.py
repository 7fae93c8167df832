"""What an organization asks of passwords."""

from datetime import datetime, timedelta

import msgspec


class PasswordPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """`score` is the least that zxcvbn must give (0 to 4).

    The last `remembered` passwords, the present one among them, can't be chosen again. After
    `longest_age` a password only lets its owner choose the next one; None: it never expires, which
    is what NIST SP 800-63B asks for.
    """

    score: int = 3
    remembered: int = 5
    longest_age: timedelta | None = None

    def is_expired(self, changed_at: datetime, now: datetime) -> bool:
        """Whether a password of this age must be changed before anything else."""
        return self.longest_age is not None and now >= changed_at + self.longest_age
