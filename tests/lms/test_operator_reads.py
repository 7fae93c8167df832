"""Who looks at history by the command line is in the history."""

import json
import os
import pwd
import socket
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from psycopg.rows import dict_row

from lms.cli import main
from lms.operator_reads import operator
from lms.settings import Settings

Row = dict[str, Any]


def rows(settings: Settings, sql: str, *params: object) -> list[Row]:
    with psycopg.connect(settings.database_url, row_factory=dict_row) as owner:
        return owner.execute(sql.encode(), params).fetchall()


def reads(settings: Settings) -> list[Row]:
    sql = "SELECT data FROM event_store.events WHERE type = %s ORDER BY position"
    return [row["data"] for row in rows(settings, sql, "audit_read.recorded.v1")]


def a_certificate(settings: Settings) -> Row:
    """Its stream, its learner, and the position of the event that issued it."""
    sql = (
        "SELECT stream_id, position, data ->> 'learner_id' AS learner_id FROM event_store.events"
        " WHERE type = 'certificate.issued.v1' ORDER BY position LIMIT 1"
    )
    return rows(settings, sql)[0]


def test_it_is_recorded_which_events_were_shown_to_whom(
    recorded: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    certificate = a_certificate(recorded)
    id, position = str(certificate["stream_id"]), certificate["position"]
    assert main(["audit", "life", id]) == 0
    assert "Certificate" in capsys.readouterr().out
    assert main(["audit", "trace", f"{id}/1"]) == 0
    capsys.readouterr()
    life, trace = reads(recorded)
    assert life["query"] == "GetAuditStream"
    assert life["filters"] == {"stream_id": [id]}
    assert (life["count"], life["first"], life["last"]) == (1, position, position)
    assert (trace["query"], trace["filters"]) == ("GetAuditTrace", {"id": [f"{id}/1"]})
    assert trace["count"] > 1
    for read in (life, trace):
        assert read["about"] == [id]
        assert (read["operator"], read["reader_id"]) == (operator(), None)
    assert operator().startswith(f"{pwd.getpwuid(os.getuid()).pw_name}@{socket.gethostname()}")


def test_events_are_searched_as_by_the_api(
    recorded: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    certificate = a_certificate(recorded)
    learner = certificate["learner_id"]
    asked = ["--subject", learner, "--type", "certificate.issued", "--order", "oldest"]
    assert main(["audit", "search", *asked, "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert found[0]["position"] == certificate["position"]
    assert {event["type"] for event in found} == {"certificate.issued.v1"}
    assert main(["audit", "search", *asked, "--limit", "1", "--source-address", "10.0.0.1"]) == 0
    assert capsys.readouterr().out == "No event of the log is like that.\n"
    by_type, by_address = reads(recorded)
    assert by_type["query"] == "ListAuditEvents"
    assert by_type["filters"] == {
        "order": ["oldest"],
        "subject": [learner],
        "type": ["certificate.issued"],
    }
    assert (by_type["count"], by_type["about"]) == (len(found), [learner])
    assert by_address["filters"]["source_address"] == ["(given)"]
    assert (by_address["count"], by_address["first"]) == (0, None)

    assert main(["audit", "search", "--limit", "250"]) == 0
    _, *lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(set(lines)) == 250
    assert [read["count"] for read in reads(recorded)[2:]] == [200, 50], "page by page"


def test_copies_for_an_inspector_are_recorded_too(
    recorded: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    learner = a_certificate(recorded)["learner_id"]
    asked = ["--subject", learner, "--from", "2020-01-01"]
    assert main(["inspection", *asked, "--out", str(tmp_path)]) == 0
    (read,) = reads(recorded)
    assert (read["query"], read["about"]) == ("ExportForInspection", [learner])
    assert read["filters"] == {"from": ["2020-01-01T00:00:00Z"], "subject": [learner]}
    assert f"{read['count']:,} events" in capsys.readouterr().out


def test_what_can_not_be_recorded_is_not_shown(
    recorded: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    certificate, out = a_certificate(recorded), tmp_path / "copies"
    with psycopg.connect(recorded.database_url, autocommit=True) as owner:
        owner.execute("REVOKE INSERT ON event_store.events FROM lms_write")
    for asked in (
        ["audit", "life", str(certificate["stream_id"])],
        ["audit", "trace", str(certificate["position"])],
        ["audit", "search", "--json"],
        ["inspection", "--subject", certificate["learner_id"], "--out", str(out)],
    ):
        assert main(asked) == 1
        printed = capsys.readouterr()
        assert "can't be recorded" in printed.err
        assert certificate["learner_id"] not in printed.out
        assert "ertificate" not in printed.out
    assert list(out.iterdir()) == []

    gone = msgspec.structs.replace(recorded, write_database_url="postgresql://nobody@127.0.0.1:1")
    for name, value in gone.environment().items():
        monkeypatch.setenv(name, value)
    assert main(["audit", "search"]) == 1
    printed = capsys.readouterr()
    assert (printed.out, "can't be recorded" in printed.err) == ("", True)
