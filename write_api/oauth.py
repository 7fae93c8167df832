"""The token endpoint of RFC 6749 for service accounts: grant type `client_credentials`.

Its form is the standard's, not ours: a form as body, and errors of RFC 6749, 5.2.
"""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema

from access.actor import Actor
from commands.client_credentials import ClientCredentials, Refused, ServiceToken, TokenRefused
from edge.authentication import OPEN
from edge.openapi import RESPONSES, THROTTLED
from edge.request import EdgeRequest
from write_api.sender import context_of
from write_api.threads import Threads

GRANT_TYPE = "client_credentials"
FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 20
NEVER_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}
CHALLENGE = {"WWW-Authenticate": 'Basic realm="lms", charset="UTF-8"'}


class OAuthError(msgspec.Struct, frozen=True):
    """An error of RFC 6749, 5.2."""

    error: str
    error_description: str


@dataclass
class TokenOperation(Operation):
    """Documents the form, which isn't read by Litestar: repeated fields must be told apart."""

    def __post_init__(self) -> None:
        text = Schema(type=OpenAPIType.STRING)
        form = Schema(
            type=OpenAPIType.OBJECT,
            required=["grant_type"],
            properties={
                "grant_type": Schema(type=OpenAPIType.STRING, enum=[GRANT_TYPE]),
                "scope": Schema(
                    type=OpenAPIType.STRING,
                    description="Roles and operation ids, separated by spaces; left out: all that"
                    " the account has.",
                ),
                "client_id": text,
                "client_secret": text,
            },
        )
        self.request_body = RequestBody(
            content={FORM: OpenAPIMediaType(schema=form)},
            description="The client and its secret stand here or in an Authorization header of"
            " scheme Basic.",
            required=True,
        )


_ERROR = (
    "OAuthError",
    {
        "description": "No token is given (RFC 6749, 5.2).",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "title": "OAuthError",
                    "required": ["error", "error_description"],
                    "properties": {
                        "error": {"type": "string", "enum": [each.value for each in Refused]},
                        "error_description": {"type": "string"},
                    },
                }
            }
        },
    },
)


@post(
    "/oauth/token",
    operation_id="GetServiceToken",
    operation_class=TokenOperation,
    status_code=200,
    tags=["Service accounts"],
    opt={OPEN: True, THROTTLED: True, RESPONSES: {400: _ERROR, 401: _ERROR}},
)
async def get_service_token(
    request: EdgeRequest[Any, Any],
    clients: NamedDependency[ClientCredentials],
    threads: NamedDependency[Threads],
) -> Response[ServiceToken]:
    """Get an access token for a service account (RFC 6749, grant type `client_credentials`)."""
    try:
        form = _form(request.headers.get("content-type", ""), await request.body())
        client_id, secret = _client(request.headers.get("authorization"), form)
        _check_grant_type(form)
        context = context_of(Actor(id=None, roles=frozenset()))
        token = await threads.run(clients.token, client_id, secret, form.get("scope"), context)
    except TokenRefused as refused:
        return _answer_refusal(refused)
    return Response(token, headers=NEVER_STORED)


def _form(content_type: str, body: bytes) -> Mapping[str, str]:
    """The fields of the form; empty ones count as left out, unknown ones are ignored."""
    if content_type.partition(";")[0].strip().lower() != FORM:
        raise TokenRefused(Refused.INVALID_REQUEST, f"The body must be a form: {FORM}.")
    try:
        fields = parse_qsl(body.decode("ascii"), max_num_fields=MOST_FIELDS)
    except (ValueError, UnicodeDecodeError):
        raise TokenRefused(Refused.INVALID_REQUEST, "The form is malformed.") from None
    form = dict(fields)
    if len(form) != len(fields):
        raise TokenRefused(Refused.INVALID_REQUEST, "No field may come twice.")
    return form


def _client(authorization: str | None, form: Mapping[str, str]) -> tuple[str, str]:
    """The client's id and secret, from one place of the two (RFC 6749, 2.3.1)."""
    client_id, secret = form.get("client_id"), form.get("client_secret")
    if authorization is None:
        if client_id is None or secret is None:
            raise TokenRefused(Refused.INVALID_CLIENT, "Say which client this is, and its secret.")
        return client_id, secret
    if secret is not None:
        raise TokenRefused(Refused.INVALID_REQUEST, "Say who the client is in one place only.")
    named, given = _basic(authorization)
    if client_id not in {None, named}:
        raise TokenRefused(Refused.INVALID_REQUEST, "These are two different clients.")
    return named, given


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, credentials = authorization.partition(" ")
    try:
        plain = b64decode(credentials.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        plain = ""
    client_id, colon, secret = plain.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise TokenRefused(Refused.INVALID_CLIENT, "The Authorization header isn't Basic.")
    return unquote_plus(client_id), unquote_plus(secret)


def _check_grant_type(form: Mapping[str, str]) -> None:
    grant_type = form.get("grant_type")
    if grant_type is None:
        raise TokenRefused(Refused.INVALID_REQUEST, "grant_type is missing.")
    if grant_type != GRANT_TYPE:
        raise TokenRefused(Refused.UNSUPPORTED_GRANT_TYPE, f"grant_type must be {GRANT_TYPE}.")


def _answer_refusal(refused: TokenRefused) -> Response[Any]:
    unknown = refused.error is Refused.INVALID_CLIENT
    return Response(
        OAuthError(refused.error, refused.description),
        status_code=401 if unknown else 400,
        headers=NEVER_STORED | (CHALLENGE if unknown else {}),
    )
