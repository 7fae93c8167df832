"""Queries on analytics: who may see what is decided here, the numbers come from DuckDB."""

from litestar import Controller


class AnalyticsController(Controller):
    path = "/analytics"
