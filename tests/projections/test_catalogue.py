"""What holds for all read models together."""

from __future__ import annotations

from collections import Counter

import pytest

from domain.catalogue import AGGREGATES
from event_store.event_type import EventTypes
from projections.catalogue import PROJECTIONS, UnknownProjection, named
from projections.connection import connect
from projections.opening import open_live
from projections.projection import stored_types
from projections.schemas import tables
from projections.source import Source

INDEX_STREAMS = {
    "unique_name",
    "attempt_series",
    "course_surveys",
    "group_grants",
    "reporting_lines",
}
NOT_SHOWN = {
    "audit_read",
    "external_identity",
    "key_ring",
    "password_reset",
    "refused_access",
    "legal_holds",
    "retention_policies",
    "second_factor",
    "user_import",
}
"""Seen in the audit history or in operational tables; no row has their version."""


def test_every_event_of_a_stream_that_is_shown_is_followed() -> None:
    """Otherwise the version of a row, which clients send back as If-Match, would lag behind."""
    followed = {name for projection in PROJECTIONS for name in projection.types}
    missing = [
        name
        for event_type in EventTypes(AGGREGATES)
        for name in stored_types(event_type.event_class)
        if event_type.stream_type not in INDEX_STREAMS | NOT_SHOWN and name not in followed
    ]
    assert missing == []


def test_projections_follow_known_events_only() -> None:
    known = {
        name
        for event_type in EventTypes(AGGREGATES)
        for name in stored_types(event_type.event_class)
    }
    assert {name for projection in PROJECTIONS for name in projection.types} <= known


def test_no_two_projections_have_a_table_of_the_same_name(source: Source) -> None:
    for projection in PROJECTIONS:
        open_live(projection, source).close()
    with connect(source.conninfo) as connection:
        names = Counter(
            table
            for projection in PROJECTIONS
            for table in tables(connection, f"{projection.name}_v{projection.version}")
        )
    assert names.most_common(1)[0][1] == 1


def test_a_projection_is_found_by_its_name() -> None:
    assert named("course").name == "course"
    with pytest.raises(UnknownProjection, match="learner"):
        named("curse")
