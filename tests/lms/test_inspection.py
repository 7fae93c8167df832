import zipfile
from pathlib import Path

import psycopg
import pytest

from lms.cli import main
from lms.settings import Settings
from read_api.inspecting.verify_inspection import check
from tests.servers.postgres import Database


def test_the_command_line_copies_what_the_api_would(
    recorded: Settings,
    database: Database,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with psycopg.connect(database.owner_url) as owner:
        events = owner.execute("SELECT count(*) FROM event_store.events").fetchone()
    assert events
    asked = ["--asked-by", "Änne Inspektor", "--out", str(tmp_path / "copies")]
    assert main(["inspection", "--from", "2020-01-01", *asked]) == 0
    (file,) = (tmp_path / "copies").iterdir()
    assert f"{events[0]:,} events about 10 people" in capsys.readouterr().out
    assert file.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(file) as archive:
        assert check(archive) == []
        assert archive.read("events.ndjson").count(b"\n") == events[0]


def test_the_command_line_says_what_is_missing(
    recorded: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inspection", "--out", str(tmp_path / "copies")]) == 1
    assert "Say whose records are wanted" in capsys.readouterr().err
    assert list((tmp_path / "copies").iterdir()) == []
