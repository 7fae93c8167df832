"""How what queries raise is told over HTTP."""

from psycopg import errors

from domain.errors import Forbidden, NotFound
from edge.problem import Fault, FaultTable, described, unavailable
from edge.scim.faults import SCIM_FAULTS
from event_store.errors import MasterKeyUnavailable
from read_api.inspecting.inquiry import InspectionBusy, InspectionRefused


def _slow(_: errors.QueryCanceled) -> Fault:
    return unavailable("query-too-slow", "This takes too long just now: ask for less, or later.")


def _not_built(_: errors.UndefinedTable) -> Fault:
    return unavailable("not-built-yet", "What this is answered from is still being built.")


def _busy(_: InspectionBusy) -> Fault:
    detail = "Copies for another inspection are being made just now."
    return unavailable("inspection-busy", detail, retry_after=10)


QUERY_FAULTS: FaultTable = {
    **SCIM_FAULTS,
    InspectionBusy: _busy,
    InspectionRefused: described(422),
    NotFound: described(404),
    Forbidden: described(403),
    MasterKeyUnavailable: lambda _: unavailable(
        "master-key-unavailable", "A key that this needs can't be opened right now."
    ),
    errors.QueryCanceled: _slow,
    errors.UndefinedTable: _not_built,
}
