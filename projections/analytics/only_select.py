"""Judges analysts' SQL by DuckDB's own parser: what it is and what it calls, never how it looks."""

import threading
from collections.abc import Iterator
from typing import Any, Final

import duckdb
import msgspec

_LONGEST: Final = 100_000

# Functions in FROM that only read the warehouse or make rows. All others are refused: some read
# files and URLs, some run further SQL, and `quack_stop` or `arrow_scan` are SELECTs that stop the
# server or read memory by address.
_SOURCES: Final = frozenset(
    {
        "duckdb_columns",
        "duckdb_constraints",
        "duckdb_databases",
        "duckdb_functions",
        "duckdb_keywords",
        "duckdb_schemas",
        "duckdb_tables",
        "duckdb_types",
        "duckdb_views",
        "generate_series",
        "json_each",
        "json_tree",
        "pg_timezone_names",
        "pragma_show",
        "pragma_table_info",
        "range",
        "repeat",
        "unnest",
    }
)

# Functions in expressions that tell about the host, change something, or only waste time.
_FORBIDDEN: Final = frozenset(
    {
        "current_setting",
        "currval",
        "getenv",
        "getvariable",
        "in_search_path",
        "json_execute_serialized_sql",
        "nextval",
        "setseed",
        "sleep_ms",
        "write_log",
    }
)

_FORBIDDEN_TABLES: Final = frozenset({"duckdb_settings", "pg_settings"})


class OnlySelect:
    """Tells why a text is not one harmless SELECT. Thread-safe."""

    def __init__(self) -> None:
        self._parser = duckdb.connect(":memory:", config={"enable_external_access": False})
        self._lock = threading.Lock()
        self._known = self._functions()

    def refusal(self, query: str) -> str | None:
        """Why the query must not run, as a sentence; None when it may."""
        if len(query) > _LONGEST:
            return f"A query has at most {_LONGEST} characters."
        try:
            return self._refusal(query)
        except duckdb.Error as error:
            return str(error)
        except (msgspec.MsgspecError, RecursionError):
            return "This query is nested too deeply."

    def _refusal(self, query: str) -> str | None:
        with self._lock:
            statements = self._parser.extract_statements(query)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                return "Exactly one SELECT statement is allowed."
            row = self._parser.execute("SELECT json_serialize_sql($1)", [query]).fetchone()
        assert row is not None
        tree = msgspec.json.decode(row[0])
        if tree["error"] or len(tree["statements"]) != 1:
            return f"This kind of SELECT is not allowed: {tree.get('error_message', '')}"
        return next(self._objections(tree["statements"][0]), None)

    def _objections(self, tree: Any) -> Iterator[str]:
        for node, in_from in _nodes(tree):
            name = str(node.get("function_name", "")).lower()
            if in_from and name not in _SOURCES:
                yield f"{name}() is not allowed as a source of rows."
            elif name and not in_from and not self._harmless(name, node):
                yield f"{name}() is not allowed."
            elif str(node.get("table_name", "")).lower() in _FORBIDDEN_TABLES:
                yield f"{node['table_name']} is not allowed."

    def _harmless(self, name: str, node: dict[str, Any]) -> bool:
        if name in _FORBIDDEN:
            return False
        return bool(node.get("is_operator")) or name in self._known

    def _functions(self) -> frozenset[str]:
        rows = self._parser.execute(
            "SELECT DISTINCT lower(function_name) FROM duckdb_functions()"
            " WHERE function_type IN ('scalar', 'aggregate', 'macro')"
        ).fetchall()
        return frozenset(name for (name,) in rows) | {"unnest", "row_number", "rank", *_WINDOW}


_WINDOW: Final = frozenset(
    {
        "cume_dist",
        "dense_rank",
        "fill",
        "first_value",
        "lag",
        "last_value",
        "lead",
        "nth_value",
        "ntile",
        "percent_rank",
    }
)


def _nodes(tree: Any) -> Iterator[tuple[dict[str, Any], bool]]:
    """Every node of a parse tree, and whether it is the function of a FROM clause."""
    waiting: list[tuple[Any, bool]] = [(tree, False)]
    while waiting:
        node, in_from = waiting.pop()
        if isinstance(node, list):
            waiting.extend((child, False) for child in node)
        elif isinstance(node, dict):
            yield node, in_from
            calls = node.get("type") == "TABLE_FUNCTION"
            waiting.extend((child, calls and key == "function") for key, child in node.items())
