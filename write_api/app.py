"""The write API, put together."""

from collections.abc import Awaitable, Callable, Mapping
from os import urandom
from typing import Any

import msgspec
from litestar import Litestar
from litestar.di import Provide

from access.refusals import Refusals
from commands.client_credentials import ClientCredentials
from commands.dispatcher import Dispatcher
from commands.factors import SecondFactors
from commands.forgotten_password import ForgottenPasswords
from commands.key_rotation import KeyRotation
from commands.login import Accounts
from commands.single_sign_on import SingleSignOn
from edge.app import edge_app
from edge.authentication import Verifier
from edge.correlation import TrustedPeers
from edge.health import Check
from edge.metrics import RequestMetrics
from edge.position import PositionWaiter
from edge.scim.service import DirectoryService
from event_store.application import Log
from write_api.assessment import AssessmentController
from write_api.attempt import submit_attempt
from write_api.audit_read import record_audit_read
from write_api.certificate import revoke_certificate
from write_api.consent import ConsentController
from write_api.course import CourseController
from write_api.data_export import record_data_export
from write_api.enrollment import EnrollmentController, update_progress
from write_api.erasure import ErasureController
from write_api.faults import COMMAND_FAULTS
from write_api.feedback import submit_feedback
from write_api.group import map_group_roles
from write_api.identity import link_identity, link_my_identity, unlink_identity
from write_api.key_ring import revoke_signing_key, rotate_signing_keys
from write_api.learner import UserController
from write_api.login import LoginController, change_password, log_out
from write_api.notification import read_notification
from write_api.oauth import get_service_token
from write_api.organization import DepartmentController
from write_api.password_reset import PasswordResetController, send_reset_link
from write_api.refused_tokens import count_refusals
from write_api.retention import RetentionController
from write_api.scim.controller import PATIENCE, Directory, ScimController, permits
from write_api.second_factor import (
    SecondFactorController,
    log_in_with_second_factor,
    reset_second_factor,
)
from write_api.sender import provide_sender
from write_api.service_account import ServiceAccountController
from write_api.session import SessionController
from write_api.sso import SsoController, log_out_of_provider, step_up_by_sign_on
from write_api.survey import SurveyController
from write_api.testimonial import TestimonialController
from write_api.threads import Threads
from write_api.translation import TranslationController
from write_api.user_import import import_users

CONTROLLERS: tuple[Any, ...] = (
    AssessmentController,
    ConsentController,
    CourseController,
    DepartmentController,
    EnrollmentController,
    ErasureController,
    LoginController,
    PasswordResetController,
    RetentionController,
    ScimController,
    SecondFactorController,
    ServiceAccountController,
    SessionController,
    SsoController,
    SurveyController,
    TestimonialController,
    TranslationController,
    UserController,
    change_password,
    count_refusals,
    get_service_token,
    import_users,
    link_identity,
    link_my_identity,
    log_in_with_second_factor,
    log_out,
    map_group_roles,
    log_out_of_provider,
    read_notification,
    record_audit_read,
    record_data_export,
    reset_second_factor,
    revoke_certificate,
    revoke_signing_key,
    rotate_signing_keys,
    send_reset_link,
    step_up_by_sign_on,
    submit_attempt,
    submit_feedback,
    unlink_identity,
    update_progress,
)


class Doors(msgspec.Struct, frozen=True):
    """The ways in, and what belongs to them."""

    accounts: Accounts
    factors: SecondFactors
    clients: ClientCredentials
    rotation: KeyRotation
    forgotten: ForgottenPasswords
    sso: SingleSignOn
    refusals: Refusals


FetchPositions = Callable[[], Awaitable[Mapping[str, int]]]


async def nothing_projected() -> Mapping[str, int]:
    """No read models are kept here: nobody has to wait for them."""
    return {}


def create_write_api(
    log: Log,
    dispatcher: Dispatcher,
    doors: Doors,
    threads: Threads,
    *,
    verifier: Verifier,
    checks: Mapping[str, Check],
    metrics: RequestMetrics,
    version: str,
    peers: TrustedPeers | None = None,
    public_url: str = "",
    fetch_positions: FetchPositions = nothing_projected,
) -> Litestar:
    """The Litestar application that takes commands.

    `public_url` is the gateway's; `fetch_positions` tells how far the read models are.
    """
    service = DirectoryService(public_url, permits, secret=urandom(32))
    waiter = PositionWaiter(fetch_positions, patience=PATIENCE)
    directory = Directory(service, log, dispatcher, threads, waiter)
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
            "dispatcher": Provide(lambda: dispatcher, sync_to_thread=False),
            "directory": Provide(lambda: directory, sync_to_thread=False),
            "accounts": Provide(lambda: doors.accounts, sync_to_thread=False),
            "factors": Provide(lambda: doors.factors, sync_to_thread=False),
            "clients": Provide(lambda: doors.clients, sync_to_thread=False),
            "rotation": Provide(lambda: doors.rotation, sync_to_thread=False),
            "forgotten": Provide(lambda: doors.forgotten, sync_to_thread=False),
            "sso": Provide(lambda: doors.sso, sync_to_thread=False),
            "refusals": Provide(lambda: doors.refusals, sync_to_thread=False),
            "log": Provide(lambda: log, sync_to_thread=False),
            "threads": Provide(lambda: threads, sync_to_thread=False),
        },
    )
