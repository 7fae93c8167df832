"""Given what aggregates decided, these rows in the read models that follow them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from domain.aggregate import Aggregate
from projections.catalogue import PROJECTIONS
from projections.opening import open_live
from projections.projection import stored_types
from projections.source import Source
from tests.projections.history import History

AT = [datetime(2026, 3, 14, 12, 0, tzinfo=UTC) + timedelta(hours=hour) for hour in range(12)]
"""Instants, an hour apart."""


def a_uuid(number: int) -> UUID:
    return UUID(int=number)


class Story:
    """`given` may be called again: the read models go on from where they are."""

    def __init__(self, source: Source, history: History, read_url: str) -> None:
        self._source = source
        self._history = history
        self._read_url = read_url

    def given(self, *aggregates: Aggregate) -> None:
        """Records the new events of each aggregate, in order, and projects them."""
        for aggregate in aggregates:
            self._history.record(aggregate)
        types = {
            name for one in aggregates for cls in one.event_classes() for name in stored_types(cls)
        }
        for projection in PROJECTIONS:
            if not types.isdisjoint(projection.types):
                open_live(projection, self._source).close()

    def rows(self, query: LiteralString, *params: object) -> list[dict[str, Any]]:
        """What a query on the views answers to the role of the read API."""
        with psycopg.connect(self._read_url, row_factory=dict_row) as connection:
            connection.execute("SET search_path = read_models")
            return connection.execute(query, params).fetchall()

    def row(self, query: LiteralString, *params: object) -> dict[str, Any]:
        (row,) = self.rows(query, *params)
        return row
