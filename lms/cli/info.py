"""`lms info`."""

import argparse
import json
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from lms.processes import PROCESSES
from lms.seeds.log_ins import log_ins
from lms.settings import Settings
from lms.telemetry.endpoint import metrics_port


def arguments(parser: argparse.ArgumentParser) -> None:
    """How to say it. Programs get the secrets: whoever may read the data folder has them anyway."""
    parser.add_argument("--json", action="store_true", help="for programs, with the secrets")
    parser.add_argument("--secrets", action="store_true", help="with passwords and tokens")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Prints where everything is."""
    found = describe(settings, secrets=options.secrets or options.json)
    print(json.dumps(found, indent=2) if options.json else as_text(found))
    return 0


def describe(settings: Settings, *, secrets: bool = False) -> dict[str, dict[str, Any]]:
    """Where everything is, by topic; passwords are `***` unless `secrets`."""

    def shown(url: str) -> str:
        return url if secrets else without_password(url)

    folder = settings.data_folder()
    monitor = folder.ports("nats_monitor")["nats_monitor"] if settings.embedded_nats else None
    return {
        "urls": {
            "gateway": settings.public_url,
            "docs": f"{settings.public_url}/docs",
            "openapi": f"{settings.public_url}/openapi.json",
            "write_api": settings.write_api_url,
            "read_api": settings.read_api_url,
            "analytics": settings.analytics_url,
        },
        "log_ins": log_ins(settings) | ({} if secrets else {"password": "***"}),
        "database": {
            "embedded": settings.embedded_postgres,
            "owner": shown(settings.database_url),
            "write": shown(settings.write_database_url),
            "read": shown(settings.read_database_url),
            "project": shown(settings.project_database_url),
            "seal": shown(settings.seal_database_url),
        },
        "nats": {
            "embedded": settings.embedded_nats,
            "url": shown(settings.nats_url),
            "monitor": f"http://127.0.0.1:{monitor}" if monitor else None,
            "stream": "LMS",
        },
        "duckdb": {
            "file": str(settings.duckdb_file),
            "quack": f"quack:{settings.host}:{settings.quack_port}",
            "token": settings.quack_token if secrets else "***",
        },
        "metrics": _metrics(settings),
        "data": {
            "folder": str(settings.data_dir),
            "logs": str(settings.data_dir / "logs"),
            "witness": str(settings.witness_file),
        },
    }


def _metrics(settings: Settings) -> dict[str, str]:
    ports = {process: metrics_port(settings, process) for process in PROCESSES}
    return {
        process: f"http://{settings.host}:{port}/metrics" for process, port in ports.items() if port
    }


def as_text(found: dict[str, dict[str, Any]]) -> str:
    """The same for people."""
    lines = []
    for topic, entries in found.items():
        lines.append(topic.replace("_", "-"))
        lines += [
            f"  {name.replace('_', ' '):<10} {value}"
            for name, value in entries.items()
            if value is not None
        ]
    return "\n".join(lines)


def without_password(url: str) -> str:
    """The URL with `***` in place of its password."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    server = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username}:***@{server}"))
