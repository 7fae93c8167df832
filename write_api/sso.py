"""Single sign-on by OpenID Connect.

The GETs belong to this API because they write: a browser comes to them by redirects.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qs, urlencode

import msgspec
from litestar import Controller, Response, get, post
from litestar.datastructures import CacheControlHeader, Cookie
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import JSONBody, PathParameter, QueryParameter

from access.actor import Actor
from commands.admission import AccessToken, SecondFactorRequired, Tokens
from commands.context import Context
from commands.identity_provider import LogoutRefused, SignOnRefused
from commands.sign_on_steps import Callback
from commands.single_sign_on import SingleSignOn
from commands.step_up import StepUpRequired
from commands.vouched import NoAccount
from domain.errors import Conflict
from edge.authentication import OPEN
from edge.openapi import PROBLEMS
from edge.request import EdgeRequest
from write_api.body import Body
from write_api.login import NOBODY
from write_api.sender import context_of
from write_api.threads import Threads

COOKIE = "lms-sso"
COOKIE_SECONDS = 600
FORM = "application/x-www-form-urlencoded"
REDIRECT = ResponseSpec(data_container=None, description="To the provider.")
TO_FRONT_END = ResponseSpec(
    data_container=None,
    description="To the front end, where one is configured: with `code`, or with `error`.",
)

Provider = Annotated[str, PathParameter(description="A name that `GET /sso` lists.", max_length=64)]
Text = Annotated[str | None, QueryParameter(max_length=4096)]
Named = TypeVar("Named", str, str | None)
"""A provider that must be named, or needn't be."""


class ProviderLink(msgspec.Struct, frozen=True):
    """A provider, and where a browser goes to log in by it."""

    name: str
    title: str
    login_url: str


class Providers(msgspec.Struct, frozen=True):
    items: list[ProviderLink]


class SignOnCode(Body, frozen=True):
    code: str

    def __repr__(self) -> str:
        return "SignOnCode()"


class WhereToProve(Body, frozen=True):
    """`provider` is one that `GET /sso` lists; by default where the session began."""

    provider: str | None = None


class ProofBegun(msgspec.Struct, frozen=True):
    """`login_url` is good once, within a minute, in a browser."""

    login_url: str


class LoggedOut(msgspec.Struct, frozen=True):
    """`logout_url` ends the provider's session too, when a browser goes there; null: no need."""

    logout_url: str | None


@dataclass
class LogoutOperation(Operation):
    """Documents the form, which isn't read by Litestar."""

    def __post_init__(self) -> None:
        form = Schema(
            type=OpenAPIType.OBJECT,
            required=["logout_token"],
            properties={"logout_token": Schema(type=OpenAPIType.STRING)},
        )
        content = {FORM: OpenAPIMediaType(schema=form)}
        self.request_body = RequestBody(content=content, required=True)


class SsoController(Controller):
    path = "/sso"
    tags = ["Single sign-on"]
    opt = {OPEN: True, PROBLEMS: (401, 403, 404, 409, 422)}
    cache_control = CacheControlHeader(no_store=True)

    @get("/", operation_id="ListIdentityProviders", sync_to_thread=False)
    def list_providers(self, sso: NamedDependency[SingleSignOn]) -> Providers:
        """The providers that one can log in by."""
        links = [
            ProviderLink(name, known.title, f"{sso.public_url}/sso/{name}/login")
            for name, known in sso.providers.items()
        ]
        return Providers(links)

    @get(
        "/{provider:str}/login",
        operation_id="BeginSignOn",
        status_code=302,
        responses={302: REDIRECT},
    )
    async def begin(
        self,
        request: EdgeRequest[Any, Any],
        provider: Provider,
        sso: NamedDependency[SingleSignOn],
        threads: NamedDependency[Threads],
        ticket: Text = None,
    ) -> Response[None]:
        """Send a browser to the provider, to log in there.

        With the `ticket` of `POST /me/step-up/sign-on` or `POST /me/identities`: to log in there
        anew.
        """
        begun = await threads.run(sso.begin, provider, browser_of(request), ticket)
        answer = _redirect(begun.url)
        answer.set_cookie(
            Cookie(
                COOKIE,
                value=begun.browser,
                path="/sso",
                max_age=COOKIE_SECONDS,
                httponly=True,
                secure=sso.public_url.startswith("https:"),
                samesite="lax",
            )
        )
        return answer

    @get(
        "/{provider:str}/callback",
        operation_id="CompleteSignOn",
        responses={302: TO_FRONT_END},
    )
    async def complete(
        self,
        request: EdgeRequest[Any, Any],
        provider: Provider,
        sso: NamedDependency[SingleSignOn],
        threads: NamedDependency[Threads],
        state_value: Annotated[str | None, QueryParameter(name="state", max_length=4096)] = None,
        code: Text = None,
        error: Text = None,
        iss: Text = None,
    ) -> Response[Tokens | SecondFactorRequired | AccessToken | None]:
        """Come back from the provider: the browser that began the log-in gets tokens, once. Who has
        proved anew who they are gets an access token of the session that they have.

        Who has a second factor here gets a challenge instead, for POST /login/second-factor, unless
        the provider is trusted with that.
        """
        callback = Callback(
            state=state_value, code=code, error=error, issuer=iss, browser=browser_of(request)
        )
        try:
            done = await threads.run(sso.complete, provider, callback, context_of(NOBODY))
        except (SignOnRefused, NoAccount, Conflict, StepUpRequired) as refused:
            if sso.frontend_url is None:
                raise
            return _redirect(f"{sso.frontend_url}?{urlencode({'error': refused.code})}")
        return _redirect(done) if isinstance(done, str) else Response(done)

    @post("/tokens", operation_id="RedeemSignOnCode", status_code=200)
    async def redeem(
        self,
        data: JSONBody[SignOnCode],
        sso: NamedDependency[SingleSignOn],
        threads: NamedDependency[Threads],
    ) -> Tokens | SecondFactorRequired | AccessToken:
        """Exchange the code that a front end was given for tokens: once, within a minute. Who has
        proved anew who they are gets an access token of the session that they have.

        Who has a second factor here gets a challenge instead, for POST /login/second-factor, unless
        the provider is trusted with that.
        """
        return await threads.run(sso.redeem, data.code, context_of(NOBODY))

    @post(
        "/{provider:str}/backchannel-logout",
        operation_id="LogOutFromProvider",
        operation_class=LogoutOperation,
        status_code=200,
    )
    async def log_out_from_provider(
        self,
        request: EdgeRequest[Any, Any],
        provider: Provider,
        sso: NamedDependency[SingleSignOn],
        threads: NamedDependency[Threads],
    ) -> None:
        """End sessions that the provider says have ended (OpenID Connect Back-Channel Logout)."""
        token = _logout_token(request.headers, await request.body())
        await threads.run(sso.end_sessions, provider, token, context_of(NOBODY))


@post(
    "/me/step-up/sign-on",
    operation_id="StepUpBySignOn",
    status_code=200,
    tags=["Sessions"],
    cache_control=CacheControlHeader(no_store=True),
)
async def step_up_by_sign_on(
    request: EdgeRequest[Actor, Any],
    data: JSONBody[WhereToProve],
    sso: NamedDependency[SingleSignOn],
    threads: NamedDependency[Threads],
) -> ProofBegun:
    """Prove once more who one is by logging in anew at an identity provider.

    A browser goes to `login_url`, and comes back as from a log-in: with an access token that is
    good for sensitive commands.
    """
    return await proof_begun(threads, sso.step_up, data.provider, request)


@post(
    "/sso/logout",
    operation_id="LogOutOfProvider",
    status_code=200,
    tags=["Single sign-on"],
    cache_control=CacheControlHeader(no_store=True),
)
async def log_out_of_provider(
    request: EdgeRequest[Actor, Any],
    sso: NamedDependency[SingleSignOn],
    threads: NamedDependency[Threads],
) -> LoggedOut:
    """End the session of this access token, and learn where to end the provider's."""
    return LoggedOut(await threads.run(sso.log_out, context_of(request.user)))


async def proof_begun(
    threads: Threads,
    begin: Callable[[Named, Context], str],
    provider: Named,
    request: EdgeRequest[Actor, Any],
) -> ProofBegun:
    """Where the sender's browser goes to log in at a provider, for a session that there is."""
    return ProofBegun(await threads.run(begin, provider, context_of(request.user)))


def browser_of(request: EdgeRequest[Any, Any]) -> str | None:
    """The cookie of the browser that a log-in began in."""
    return request.cookies.get(COOKIE)


def _redirect(url: str) -> Response[Any]:
    return Response(None, status_code=302, headers={"Location": url})


def _logout_token(headers: Mapping[str, str], body: bytes) -> str:
    form = headers.get("content-type", "").partition(";")[0].strip().lower() == FORM
    try:
        fields = parse_qs(body.decode("ascii"), strict_parsing=True, max_num_fields=10)
    except ValueError:
        fields = {}
    tokens = fields.get("logout_token", [])
    if not form or len(tokens) != 1:
        raise LogoutRefused("The body must be a form with one logout_token.")
    return tokens[0]
