"""Serves the warehouse by DuckDB's own protocol, for reading only."""

import logging

import duckdb

from projections.analytics import extensions
from projections.analytics.only_select import OnlySelect
from projections.analytics.query_log import QueryLog

logger = logging.getLogger(__name__)

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Quack:
    """A Quack server inside the process that has the warehouse open."""

    def __init__(self, host: str, port: int, token: str, log: QueryLog) -> None:
        self.host = host
        self.port = port
        self._token = token
        self._log = log
        self._only_select = OnlySelect()

    def start(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Serves, then shuts the database off from files, the network and any further setting.

        The order matters: `httpfs` must be there before, and access must end after the start.
        Raises `duckdb.Error` when the port is taken.
        """
        extensions.load(connection, "httpfs", "quack")
        connection.create_function(
            "lms_may_run", self._may_run, ["VARCHAR", "VARCHAR"], "BOOLEAN", side_effects=True
        )
        connection.execute("SET GLOBAL quack_authorization_function = 'lms_may_run'")
        connection.execute(
            "CALL quack_serve($uri, token => $token, allow_other_hostname => $everywhere)",
            {
                "uri": self.uri,
                "token": self._token,
                "everywhere": self.host not in _LOOPBACK,
            },
        )
        lock_down(connection)
        logger.info("Quack serves on %s", self.uri)

    def stop(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("CALL quack_stop($uri)", {"uri": self.uri})

    @property
    def uri(self) -> str:
        return f"quack:{self.host}:{self.port}"

    def _may_run(self, session: str, query: str) -> bool:
        refusal = self._only_select.refusal(query)
        self._log.add("quack", session, query, refusal)
        return refusal is None


def lock_down(connection: duckdb.DuckDBPyConnection) -> None:
    """From now on no SQL in this database reaches files or URLs, or changes a setting."""
    connection.execute("SET GLOBAL enable_external_access = false")
    connection.execute("SET GLOBAL lock_configuration = true")


def attach_statements(host: str, port: int, token: str) -> str:
    """What an analyst types into any DuckDB 1.5 to get in."""
    return (
        "INSTALL quack; LOAD quack;\n"
        f"ATTACH 'quack:{host}:{port}' AS lms (TOKEN '{token}');\n"
        "FROM lms.fact_enrollment LIMIT 10;\n"
    )
