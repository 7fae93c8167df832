"""The identities elsewhere that get somebody in."""

from typing import Annotated, Any
from uuid import UUID

from litestar import delete, post
from litestar.datastructures import CacheControlHeader
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, structs

from access.actor import Actor
from commands.external_identity import LinkIdentity, UnlinkIdentity
from commands.single_sign_on import SingleSignOn
from edge.request import EdgeRequest
from write_api.body import Body
from write_api.sender import Answer, Sender
from write_api.sso import ProofBegun, proof_begun
from write_api.threads import Threads


class SubjectThere(Body, frozen=True):
    """`provider` is one that `GET /sso` lists, or `ldap`; `subject` how it calls the person: the
    claim `sub`, or the attribute that is the entry's id."""

    provider: str
    subject: Annotated[str, Meta(min_length=1, max_length=1_000)]

    def __repr__(self) -> str:
        return f"SubjectThere(provider={self.provider!r})"


class WhereToLink(Body, frozen=True):
    provider: str


@post(
    "/users/{learner_id:uuid}/identities",
    operation_id="LinkIdentity",
    status_code=201,
    tags=["Users"],
)
async def link_identity(
    learner_id: FromPath[UUID],
    data: JSONBody[SubjectThere],
    sso: NamedDependency[SingleSignOn],
    sender: NamedDependency[Sender],
) -> Answer:
    """Let somebody of a provider or the directory in as this person from now on."""
    command = LinkIdentity(learner_id=learner_id, provider="", issuer="", subject=data.subject)
    await sender.authorize(command)
    provider, issuer = sso.names_of(data.provider)
    named = structs.replace(command, provider=provider, issuer=issuer)
    return await sender.create(named, f"/users/{learner_id}/identities")


@delete(
    "/users/{learner_id:uuid}/identities/{identity_id:uuid}",
    operation_id="UnlinkIdentity",
    status_code=200,
    tags=["Users"],
)
async def unlink_identity(
    learner_id: FromPath[UUID], identity_id: FromPath[UUID], sender: NamedDependency[Sender]
) -> Answer:
    """Let this identity in no more; the sessions that it began end. Nobody takes their own last way
    in away."""
    return await sender.change(UnlinkIdentity(learner_id=learner_id, identity_id=identity_id))


@post(
    "/me/identities",
    operation_id="LinkMyIdentity",
    status_code=200,
    tags=["Users"],
    cache_control=CacheControlHeader(no_store=True),
)
async def link_my_identity(
    request: EdgeRequest[Actor, Any],
    data: JSONBody[WhereToLink],
    sso: NamedDependency[SingleSignOn],
    threads: NamedDependency[Threads],
) -> ProofBegun:
    """Let oneself in by a provider, too: a browser goes to `login_url` and logs in there once."""
    return await proof_begun(threads, sso.link, data.provider, request)
