"""Commands on certificates. They are issued by a policy, once an enrolment completes."""

from uuid import UUID

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from commands.certificate import RevokeCertificate
from write_api.body import Body, command_of
from write_api.sender import Answer, Sender


class Revocation(Body, frozen=True):
    reason: str


@post(
    "/certificates/{certificate_id:uuid}/revoke",
    operation_id="RevokeCertificate",
    status_code=200,
    tags=["Certificates"],
)
async def revoke_certificate(
    certificate_id: FromPath[UUID], data: JSONBody[Revocation], sender: NamedDependency[Sender]
) -> Answer:
    """Declare a certificate void: its public page says so from now on."""
    return await sender.change(command_of(RevokeCertificate, data, certificate_id=certificate_id))
