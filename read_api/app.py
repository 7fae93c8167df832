"""The read API, put together."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from typing import Any

from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler

from access.permissions import QUERIES, UnknownOperation
from edge.app import edge_app
from edge.authentication import OPEN, Verifier
from edge.correlation import TrustedPeers
from edge.health import Check
from edge.metrics import RequestMetrics
from edge.position import PositionWaiter
from read_api.analytics import AnalyticsController
from read_api.asking import READS, operation_of, provide_asking
from read_api.assessment import AssessmentController
from read_api.attempt import AttemptController
from read_api.audit import AuditController
from read_api.audit_reads import WRITE_SIDE
from read_api.certificate import CertificateController
from read_api.compliance import ComplianceController
from read_api.consent import ConsentController
from read_api.course import CourseController
from read_api.database import Database, Pool
from read_api.discovery import asyncapi, jwks
from read_api.enrollment import EnrollmentController
from read_api.erasure import ErasureController
from read_api.faults import QUERY_FAULTS
from read_api.feedback import list_feedback
from read_api.identity import list_identities
from read_api.inspection import InspectionController
from read_api.language import provide_reader
from read_api.learner import UserController, get_me
from read_api.lifeline import LifelineController
from read_api.notification import list_notifications
from read_api.organization import DepartmentController
from read_api.personal_export import PersonalExportController
from read_api.retention import RetentionController
from read_api.role import list_roles
from read_api.scim.controller import ScimController
from read_api.seal import SealController, seal_keys
from read_api.service_account import ServiceAccountController
from read_api.session import (
    get_my_second_factor,
    list_my_sessions,
    list_signing_keys,
)
from read_api.skill import list_skills
from read_api.sources import Sources
from read_api.survey import SurveyController
from read_api.testimonial import list_testimonials
from read_api.trace import TraceController
from read_api.translation import TranslationController
from read_api.user_import import ImportController
from read_api.verification import verify

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


def create_read_api(
    pool: Pool,
    sources: Sources,
    *,
    verifier: Verifier,
    checks: Mapping[str, Check],
    metrics: RequestMetrics,
    version: str,
    peers: TrustedPeers | None = None,
) -> Litestar:
    """The Litestar application that answers queries. It opens and closes `pool`.

    Raises `UnknownOperation` for a handler that the permission table has no row for.
    """
    database = Database(pool)
    waiter = PositionWaiter(database.positions)

    @asynccontextmanager
    async def connected(_: Litestar) -> AsyncIterator[None]:
        refused = sources.refused or nullcontext()
        async with pool, sources.analytics, sources.write_side, refused:
            yield

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
        state=State({WRITE_SIDE: sources.write_side}),
        dependencies={
            **sources.provided(database),
            "asking": provide_asking(database, waiter),
            "reader": provide_reader(),
            "waiter": Provide(lambda: waiter, sync_to_thread=False),
        },
    )
    for handler in _guarded(app):
        check(handler)
    return app


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
