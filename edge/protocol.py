"""HTTP that can't be read: its refusal is a problem like any other."""

from http import HTTPStatus
from typing import Final
from uuid import uuid4

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from edge.correlation import CORRELATION_HEADER
from edge.problem import Problem

_HEAD: Final = (
    "HTTP/1.1 400 Bad Request\r\n"
    "content-type: application/problem+json\r\n"
    "content-length: {length}\r\n"
    "{correlation}: {id}\r\n"
    "connection: close\r\n\r\n"
)


class ProblemProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with the project's answer to a request that its parser gives up on.

    Nothing of such a request is known, its path included: a line or a header of more than 64 KiB,
    bytes that are no HTTP. The connection is closed, for where the next request begins isn't known
    either.
    """

    def send_400_response(self, msg: str) -> None:
        """Answer and close."""
        id = str(uuid4())
        body = msgspec.json.encode(
            Problem(
                type="/problems/unreadable-request",
                title="Unreadable request",
                status=HTTPStatus.BAD_REQUEST,
                detail=f"{msg} A request's first line and headers may have 64 KiB.",
                instance="",
                correlation_id=id,
            )
        )
        head = _HEAD.format(length=len(body), correlation=CORRELATION_HEADER.decode(), id=id)
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()
