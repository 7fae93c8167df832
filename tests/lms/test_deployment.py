"""What stands in more than one place says the same: settings, processes, commands."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from lms import cli
from lms.processes import PROCESSES
from lms.settings import PROJECT, description_of, variable_of, variables

SERVERS = {"postgres", "nats"}
ONE_SHOTS = {"migrate", "seed"}
APART = {"tests", "benchmarks"}
OF_COMPOSE = {"POSTGRES_PASSWORD", "NATS_PASSWORD"}


@pytest.fixture
def services() -> dict[str, Any]:
    """The services of docker-compose.yml."""
    compose = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
    found: dict[str, Any] = compose["services"]
    return found


def test_the_example_has_every_variable_and_what_it_is_for() -> None:
    text = (PROJECT / ".env.example").read_text()
    expected = {variable_of(name): description_of(field) for name, field in variables()}
    assert set(re.findall(r"^([A-Z_]+)=", text, re.MULTILINE)) == set(expected) | OF_COMPOSE
    for variable, description in expected.items():
        assert re.search(rf"^# {re.escape(description)}.*\n{variable}=", text, re.MULTILINE)


def test_compose_runs_the_processes_that_the_supervisor_runs(services: dict[str, Any]) -> None:
    assert set(services) - SERVERS - ONE_SHOTS == set(PROCESSES)
    for process in PROCESSES:
        assert services[process]["command"] == ["run", process]


def test_compose_passes_every_variable(services: dict[str, Any]) -> None:
    expected = {variable_of(name) for name, _ in variables()}
    for process in (*PROCESSES, *ONE_SHOTS):
        assert set(services[process]["environment"]) == expected


def test_every_service_that_stays_has_a_health_check(services: dict[str, Any]) -> None:
    for name in set(services) - ONE_SHOTS:
        assert "test" in services[name]["healthcheck"]


def test_every_process_and_every_command_has_its_module() -> None:
    for process in PROCESSES:
        assert (PROJECT / "lms" / "processes" / f"{process.replace('-', '_')}.py").exists()
    for command in cli.COMMANDS:
        assert (PROJECT / "lms" / "cli" / f"{command}.py").exists()


def test_no_module_but_the_settings_reads_variables_of_ours() -> None:
    ours = re.compile(r"""environ(\.get\(|\[)\s*["'](LMS_|DATABASE_URL|NATS_URL)""")
    rooms = [path for path in PROJECT.iterdir() if (path / "__init__.py").exists()]
    modules = [module for room in rooms if room.name not in APART for module in room.rglob("*.py")]
    assert [module for module in modules if ours.search(Path(module).read_text())] == []
