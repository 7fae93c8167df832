"""Connections of the projector: its own role, its own schema, commits that don't wait for disk."""

from typing import Any

import psycopg

Connection = psycopg.Connection[tuple[Any, ...]]

ROLE = "lms_project"


def connect(conninfo: str, schema: str = "projections") -> Connection:
    """A connection on which unqualified names mean the tables of `schema`.

    Read models can be built again from the log, so commits return before they are on disk. Every
    statement is prepared at first use.
    """
    options = f"-c role={ROLE} -c search_path={schema} -c synchronous_commit=off"
    connection = psycopg.connect(
        conninfo,
        autocommit=True,
        options=options,
        application_name=f"projector {schema}",
        connect_timeout=5,
        keepalives_idle=10,
    )
    connection.prepare_threshold = 0
    return connection
