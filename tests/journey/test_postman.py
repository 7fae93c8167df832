"""The Postman collection: it has every operation, and newman runs it against the system."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lms.settings import PROJECT
from tests.journey.lms import Json, Lms, body_of
from tests.servers.stack import Stack

POSTMAN = PROJECT / "docs" / "postman"
COLLECTION = POSTMAN / "lms.postman_collection.json"
ENVIRONMENTS = ("local", "staging", "production")
INSTALL_SECONDS = 300
RUN_SECONDS = 180


def environment_file(name: str) -> Path:
    return POSTMAN / "environments" / f"{name}.postman_environment.json"


def requests_in(item: Json) -> Iterator[Json]:
    """Every request of a collection or folder."""
    for child in item.get("item", ()):
        yield from requests_in(child)
    if "request" in item:
        yield item


def route(method: str, path: str) -> tuple[str, str]:
    """A method and a path in which it doesn't matter how the parameters are called."""
    return method.upper(), re.sub(r"\{+[^}]*\}+", "{}", path)


@pytest.fixture(scope="module")
def newman() -> str:
    """The program, installed beside the collection in the version that is locked there."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("newman needs Node.js with npm, which this machine doesn't have")
    program = POSTMAN / "node_modules" / ".bin" / "newman"
    if not program.exists():
        command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        installed = _run(command, INSTALL_SECONDS)
        assert installed.returncode == 0, installed.stdout
    return str(program)


def test_the_collection_is_what_its_source_makes() -> None:
    checked = _run([sys.executable, "build.py", "--check"], 60)
    assert checked.returncode == 0, checked.stdout


def test_the_collection_has_every_operation(lms: Lms) -> None:
    openapi = body_of(lms.http.get("/openapi.json"), 200)
    offered = {route(method, path) for path, item in openapi["paths"].items() for method in item}
    requests = [item["request"] for item in requests_in(_json(COLLECTION))]
    sent = {route(each["method"], "/" + "/".join(each["url"]["path"])) for each in requests}
    assert offered - sent == set()


def test_every_request_has_a_name_of_its_own() -> None:
    names = [item["name"] for item in requests_in(_json(COLLECTION))]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_environments_differ_in_values_only_and_hold_no_password(name: str) -> None:
    local, other = (_json(environment_file(each)) for each in ("local", name))
    assert [each["key"] for each in other["values"]] == [each["key"] for each in local["values"]]
    values = {each["key"]: each for each in other["values"]}
    assert values["password"]["value"] == ""
    assert values["password"]["type"] == "secret"


@pytest.mark.slow
def test_newman_runs_the_whole_journey(newman: str, stack: Stack) -> None:
    command = [newman, "run", COLLECTION.name, "--environment", str(environment_file("local"))]
    variables = {"base_url": stack.url, "password": stack.password}
    for name, value in variables.items():
        command += ["--env-var", f"{name}={value}"]
    ran = _run([*command, "--color", "off", "--reporter-cli-no-success-assertions"], RUN_SECONDS)
    assert ran.returncode == 0, ran.stdout[-8000:]


def _run(command: list[str], seconds: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=POSTMAN,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
    )


def _json(file: Path) -> Any:
    return json.loads(file.read_text())
