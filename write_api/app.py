"""The write API, put together."""

from collections.abc import Mapping
from typing import Any

from litestar import Litestar
from litestar.di import Provide

from commands.dispatcher import Dispatcher
from commands.login import Accounts
from commands.single_sign_on import SingleSignOn
from edge.app import edge_app
from edge.authentication import Verifier
from edge.correlation import TrustedPeers
from edge.health import Check
from edge.metrics import RequestMetrics
from event_store.application import Log
from write_api.assessment import AssessmentController
from write_api.attempt import submit_attempt
from write_api.certificate import revoke_certificate
from write_api.course import CourseController
from write_api.enrollment import EnrollmentController, update_progress
from write_api.faults import COMMAND_FAULTS
from write_api.feedback import submit_feedback
from write_api.learner import UserController
from write_api.login import LoginController, change_password, log_out
from write_api.notification import read_notification
from write_api.sender import provide_sender
from write_api.sso import SsoController, log_out_of_provider
from write_api.survey import SurveyController
from write_api.testimonial import TestimonialController
from write_api.threads import Threads

CONTROLLERS: tuple[Any, ...] = (
    AssessmentController,
    CourseController,
    EnrollmentController,
    LoginController,
    SsoController,
    SurveyController,
    TestimonialController,
    UserController,
    change_password,
    log_out,
    log_out_of_provider,
    read_notification,
    revoke_certificate,
    submit_attempt,
    submit_feedback,
    update_progress,
)


def create_write_api(
    log: Log,
    dispatcher: Dispatcher,
    accounts: Accounts,
    sso: SingleSignOn,
    threads: Threads,
    *,
    verifier: Verifier,
    checks: Mapping[str, Check],
    metrics: RequestMetrics,
    version: str,
    peers: TrustedPeers | None = None,
) -> Litestar:
    """The Litestar application that takes commands."""
    return edge_app(
        CONTROLLERS,
        title="LMS write API",
        version=version,
        verifier=verifier,
        faults=COMMAND_FAULTS,
        checks=checks,
        metrics=metrics,
        peers=peers,
        dependencies={
            "sender": provide_sender(dispatcher, threads),
            "accounts": Provide(lambda: accounts, sync_to_thread=False),
            "sso": Provide(lambda: sso, sync_to_thread=False),
            "log": Provide(lambda: log, sync_to_thread=False),
            "threads": Provide(lambda: threads, sync_to_thread=False),
        },
    )
