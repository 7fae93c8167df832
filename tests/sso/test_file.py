"""The file that describes providers and directory is refused when it makes no sense."""

import json
from pathlib import Path

import pytest

from lms import sso
from lms.settings import SettingsError
from tests.sso.conftest import Json

GOOD: Json = {"issuer": "https://login.example.com", "client_id": "lms"}
BAD: dict[str, Json] = {
    "an issuer without TLS": {"corporate": {**GOOD, "issuer": "http://login.example.com"}},
    "a name with a slash": {"a/b": GOOD},
    "a name of ours": {"tokens": GOOD},
    "no scope openid": {"corporate": {**GOOD, "scopes": ["email"]}},
    "a role nobody can have": {"corporate": {**GOOD, "accounts": {"roles": {"x": "system"}}}},
    "a role for some departments": {
        "corporate": {**GOOD, "accounts": {"roles": {"x": "department_admin"}}}
    },
    "an unknown role": {"corporate": {**GOOD, "accounts": {"roles": {"x": "king"}}}},
    "an unknown field": {"corporate": {**GOOD, "isuer": ""}},
    "a variable that isn't set": {"corporate": {**GOOD, "client_secret_env": "NOT_SET_ANYWHERE"}},
}


def read(path: Path) -> None:
    for name, provider in sso.read_sso_file(str(path)).providers.items():
        sso._provider(name, provider, {})


def test_a_good_one_is_read(tmp_path: Path) -> None:
    (tmp_path / "sso.json").write_text(json.dumps({"providers": {"corporate": GOOD}}))
    read(tmp_path / "sso.json")


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_one_is_refused(tmp_path: Path, fault: str) -> None:
    (tmp_path / "sso.json").write_text(json.dumps({"providers": BAD[fault]}))
    with pytest.raises(SettingsError, match="LMS_SSO_FILE"):
        read(tmp_path / "sso.json")


def test_one_that_isn_t_there_or_no_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        read(tmp_path / "nothing.json")
    (tmp_path / "sso.json").write_text("{")
    with pytest.raises(SettingsError):
        read(tmp_path / "sso.json")


def test_secrets_are_in_no_repr() -> None:
    provider = sso.Provider(**GOOD, client_secret="a-secret")
    section = sso.DirectorySection(url="", base_dn="", bind_dn="", bind_password="a-secret")
    assert "a-secret" not in f"{provider}{section}{sso.SsoFile(directory=section)}"
