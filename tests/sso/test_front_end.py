"""With a front end the browser brings it a code, and the front end gets the tokens for that."""

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from lms.data_folder import free_port
from lms.settings import Settings
from tests.servers.postgres import Database
from tests.sso.conftest import Browser, System, providers, running
from tests.sso.mock import MockProvider, query_of

FRONT_END = "https://learn.example.com/signed-in"


@pytest.fixture(scope="module")
def behind(
    sso_settings: Settings,
    shared_database: Database,
    mock: MockProvider,
    tmp_path_factory: pytest.TempPathFactory,
    crooked_port: int,
) -> Iterator[System]:
    """A system with a front end."""
    file: Path = tmp_path_factory.mktemp("front-end") / "sso.json"
    content = {"providers": providers(mock, crooked_port), "frontend_url": FRONT_END}
    file.write_text(json.dumps(content))
    ports = [free_port() for _ in range(2)]
    settings = msgspec.structs.replace(
        sso_settings,
        sso_file=str(file),
        data_dir=file.parent,
        gateway_port=ports[0],
        public_url=f"http://127.0.0.1:{ports[0]}",
        write_api_port=ports[1],
        write_api_url=f"http://127.0.0.1:{ports[1]}",
    )
    yield from running(settings, shared_database)


def code_of(browser: Browser, mock: MockProvider) -> str:
    answer = browser.comes_back(mock.logs_in(browser.begins("corporate"), "fay@example.com"))
    assert answer.status_code == 302
    location = answer.headers["Location"]
    assert location.startswith(f"{FRONT_END}?code=")
    return query_of(location)["code"]


def test_its_code_is_good_for_tokens_once(behind: System, mock: MockProvider) -> None:
    browser = behind.browser()
    code = code_of(browser, mock)
    answer = browser.http.post("/sso/tokens", json={"code": code})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    refreshed = {"refresh_token": answer.json()["refresh_token"]}
    assert browser.http.post("/login/refresh", json=refreshed).status_code == 200
    again = browser.http.post("/sso/tokens", json={"code": code})
    assert again.status_code == 401
    assert code not in again.text


def test_its_code_is_good_for_a_minute(behind: System, mock: MockProvider) -> None:
    browser = behind.browser()
    code = code_of(browser, mock)
    behind.query("UPDATE access.sso_codes SET expires_at = now()")
    assert browser.http.post("/sso/tokens", json={"code": code}).status_code == 401


def test_made_up_codes_are_refused(behind: System) -> None:
    http = behind.browser().http
    for code in ("", "made-up", "\u00e9" * 500):
        assert http.post("/sso/tokens", json={"code": code}).status_code == 401
    for body in ({}, {"code": 5}, {"code": "x", "more": 1}):
        assert http.post("/sso/tokens", json=body).status_code == 422


def test_refusals_are_told_to_it_too(behind: System, mock: MockProvider) -> None:
    browser = behind.browser()
    answer = browser.comes_back(mock.denies(browser.begins("corporate")))
    assert answer.headers["Location"] == f"{FRONT_END}?error=sign-on-refused"
