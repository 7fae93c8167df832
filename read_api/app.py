"""The read API, put together."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from os import urandom
from typing import Any

from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler

from access.keys import VerificationKeys
from access.permissions import QUERIES, UnknownOperation
from edge.app import edge_app
from edge.authentication import OPEN, Verifier
from edge.correlation import TrustedPeers
from edge.health import Check
from edge.metrics import RequestMetrics
from edge.position import PositionWaiter
from edge.scim.service import DirectoryService
from event_store.addresses import Clients
from event_store.mapper import Mapper
from read_api.analytics import AnalyticsController
from read_api.analytics_client import AnalyticsClient
from read_api.asking import READS, operation_of, provide_asking
from read_api.assessment import AssessmentController
from read_api.attempt import AttemptController
from read_api.audit import AuditController
from read_api.audit_reads import WRITE_SIDE
from read_api.certificate import CertificateController, CertificatePrinter
from read_api.compliance import ComplianceController
from read_api.consent import ConsentController
from read_api.course import CourseController
from read_api.database import Database, Pool
from read_api.discovery import EventCatalogue, asyncapi, jwks
from read_api.enrollment import EnrollmentController
from read_api.erasure import ErasureController
from read_api.faults import QUERY_FAULTS
from read_api.feedback import list_feedback
from read_api.history import Historian
from read_api.identity import list_identities
from read_api.inspecting.copying import Inspections
from read_api.inspection import InspectionController
from read_api.language import provide_reader
from read_api.learner import UserController, get_me
from read_api.lifeline import LifelineController
from read_api.lives.archive import Archive
from read_api.notification import list_notifications
from read_api.organization import DepartmentController
from read_api.personal_export import PersonalExportController
from read_api.refused import RefusedHere
from read_api.retention import RetentionController
from read_api.role import list_roles
from read_api.scim.controller import Directory, ScimController
from read_api.seal import SealController, seal_keys
from read_api.service_account import ServiceAccountController
from read_api.session import (
    EnforcedRoles,
    get_my_second_factor,
    list_my_sessions,
    list_signing_keys,
)
from read_api.skill import list_skills
from read_api.survey import SurveyController
from read_api.testimonial import list_testimonials
from read_api.trace import TraceController
from read_api.translation import TranslationController
from read_api.user_import import ImportController
from read_api.verification import verify
from read_api.write_side import WriteSide

CONTROLLERS: tuple[Any, ...] = (
    AnalyticsController,
    AssessmentController,
    AttemptController,
    AuditController,
    CertificateController,
    ComplianceController,
    ConsentController,
    CourseController,
    DepartmentController,
    ErasureController,
    EnrollmentController,
    ImportController,
    LifelineController,
    RetentionController,
    InspectionController,
    PersonalExportController,
    ScimController,
    SealController,
    ServiceAccountController,
    SurveyController,
    TraceController,
    TranslationController,
    UserController,
    asyncapi,
    get_my_second_factor,
    list_feedback,
    list_identities,
    list_my_sessions,
    list_signing_keys,
    jwks,
    get_me,
    list_notifications,
    list_roles,
    list_skills,
    list_testimonials,
    seal_keys,
    verify,
)

NOBODYS = EnforcedRoles()


def create_read_api(
    pool: Pool,
    *,
    verifier: Verifier,
    keys: VerificationKeys,
    mapper: Mapper,
    clients: Clients,
    printer: CertificatePrinter,
    analytics: AnalyticsClient,
    write_side: WriteSide,
    event_catalogue: EventCatalogue,
    inspections: Inspections,
    checks: Mapping[str, Check],
    metrics: RequestMetrics,
    version: str,
    peers: TrustedPeers | None = None,
    refused: RefusedHere | None = None,
    enforced: EnforcedRoles = NOBODYS,
    public_url: str = "",
    secret: bytes = b"",
) -> Litestar:
    """The Litestar application that answers queries.

    It opens and closes `pool`, `analytics`, `write_side` and `refused`, which tells whom `verifier`
    has refused; `enforced` are the roles that need a second factor. `public_url` is the gateway's,
    `secret` seals the cursors of SCIM.
    Raises `UnknownOperation` for a handler that the permission table has no row for.
    """
    database = Database(pool)
    waiter = PositionWaiter(database.positions)

    @asynccontextmanager
    async def connected(_: Litestar) -> AsyncIterator[None]:
        async with pool, analytics, write_side, refused or nullcontext():
            yield

    def given(value: object) -> Provide:
        return Provide(lambda: value, sync_to_thread=False)

    app = edge_app(
        CONTROLLERS,
        title="LMS read API",
        version=version,
        verifier=verifier,
        faults=QUERY_FAULTS,
        checks=checks,
        metrics=metrics,
        peers=peers,
        lifespan=[connected],
        state=State({WRITE_SIDE: write_side}),
        dependencies={
            "archive": given(Archive(mapper)),
            "asking": provide_asking(database, waiter),
            "analytics": given(analytics),
            "database": given(database),
            "directory": given(Directory(_service(public_url, secret), database)),
            "enforced": given(enforced),
            "event_catalogue": given(event_catalogue),
            "historian": given(Historian(mapper, clients)),
            "inspections": given(inspections),
            "keys": given(keys),
            "refused": given(refused),
            "printer": given(printer),
            "reader": provide_reader(),
            "waiter": given(waiter),
            "write_side": given(write_side),
        },
    )
    for handler in _guarded(app):
        check(handler)
    return app


def _service(public_url: str, secret: bytes) -> DirectoryService:
    return DirectoryService(public_url, lambda *_: True, secret=secret or urandom(32))


def _guarded(app: Litestar) -> Iterator[HTTPRouteHandler]:
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if handler.opt.get(OPEN) is not True and handler.http_methods != {"OPTIONS"}:
                yield handler


def check(handler: HTTPRouteHandler) -> None:
    """A query without a permission or without its projections is a mistake found at the start."""
    operation = operation_of(handler)
    if operation not in QUERIES:
        raise UnknownOperation(operation)
    if READS not in handler.opt:
        raise ValueError(f"{operation} doesn't say which projections it reads.")
