"""What the read API must record goes to the write API: it can't append to the log itself."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec

from edge.correlation import CORRELATION_HEADER, current_caller
from edge.problem import Fault, ProblemError, unavailable

PATIENCE = 5.0
"""Seconds that recording may take."""
RETRY_AFTER = 2
RECORDED_STATUS = (200, 201)
CHALLENGE = "WWW-Authenticate"


class _Problem(msgspec.Struct, frozen=True):
    type: str
    detail: str


class WriteSide:
    """The write API at `base_url`, as the one who asks. An async context manager."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            base_url=self._base_url,
            headers={"Content-Type": "application/json"},
            timeout=aiohttp.ClientTimeout(total=PATIENCE, sock_connect=1.0),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def record(self, path: str, body: bytes, authorization: str, otherwise: Fault) -> None:
        """Posts what is to be recorded, as whoever the token belongs to.

        Raises ProblemError: the write API's own refusal, or `otherwise` (a 503) unless it is in the
        log.
        """
        assert self._session is not None, "It isn't open."
        try:
            async with self._session.post(
                path, data=body, headers=_headers(authorization)
            ) as answer:
                if answer.status not in RECORDED_STATUS:
                    content = await answer.read()
                    raise ProblemError(_fault(answer.status, content, answer.headers, otherwise))
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise ProblemError(otherwise) from error


def not_recorded(code: str, detail: str) -> Fault:
    """What can't be recorded isn't given."""
    return unavailable(code, detail, retry_after=RETRY_AFTER)


def _headers(authorization: str) -> dict[str, str]:
    caller = current_caller()
    headers = {
        "Authorization": authorization,
        CORRELATION_HEADER.decode(): str(caller.correlation_id),
        "User-Agent": caller.user_agent or "",
    }
    if caller.source_address is not None:
        headers["X-Forwarded-For"] = caller.source_address
    return headers


def _fault(status: int, body: bytes, headers: Mapping[str, Any], otherwise: Fault) -> Fault:
    """The refusal as the write API says it; what went wrong there is a 503 here."""
    if not 400 <= status < 500:
        return otherwise
    problem = msgspec.json.decode(body, type=_Problem)
    told = {CHALLENGE: headers[CHALLENGE]} if CHALLENGE in headers else {}
    code = problem.type.rpartition("/")[2]
    return Fault(status=status, code=code, detail=problem.detail, headers=told)
