"""The `Idempotency-Key` header: a command repeated under the same key is carried out once."""

import re
from typing import Annotated

from litestar.params import HeaderParameter

from edge.faults import malformed_header
from edge.problem import ProblemError

_KEY = re.compile(r"[\x21-\x7e]{1,255}")

IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        description=(
            "Repeat the command under the same key and the first answer comes back: 1 to 255 "
            "visible ASCII characters, chosen by the caller."
        ),
        schema_extra={"pattern": r"^[!-~]{1,255}$"},
    ),
]


def idempotency_key(value: str | None) -> str | None:
    """Check the header's value. Raises ProblemError: 400 when it isn't a key."""
    if value is None or _KEY.fullmatch(value):
        return value
    raise ProblemError(
        malformed_header("Idempotency-Key", "It must be 1 to 255 visible ASCII characters.")
    )
