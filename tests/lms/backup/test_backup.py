import gzip
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import psycopg
import pytest

from lms.backup import manifest
from lms.backup.contents import Place, place, tables
from lms.backup.errors import BackupFailed
from lms.backup.manifest import Archive
from lms.backup.programs import programs_for
from lms.backup.retention import archives, outlived_keys
from lms.cli import main
from tests.lms.backup.backing_up import (
    EVENTS,
    KEY,
    Saved,
    environment_of,
    rows,
)

OF_NO_PERSON = {"seals.signing_keys"}
"""Wrapped by the master key, and needed for as long as what they have signed."""


def test_a_backup_shows_one_instant_though_writes_go_on(saved: Saved) -> None:
    told = saved.backup.history.manifest
    total = len(rows(saved.settings.database_url, EVENTS))
    assert 0 < told.events < total
    assert told.position > 5_000_000 << 16
    assert told.people == saved.backup.keys.manifest.people == 6
    assert saved.backup.keys.manifest.position == told.position
    for archive in saved.backup:
        archive.check()


def test_no_key_stands_in_the_archive_of_the_history(saved: Saved) -> None:
    found = rows(saved.settings.database_url, "SELECT wrapped_key FROM event_store.personal_keys")
    hashes = rows(saved.settings.database_url, "SELECT password_hash FROM access.credentials")
    secrets = [value.hex().encode() for (value,) in found if isinstance(value, bytes)]
    secrets += [str(value).encode() for (value,) in hashes]
    history, keys = text_of(saved.backup.history), text_of(saved.backup.keys)
    assert b"learner.registered" in history
    assert len(secrets) == 12
    assert [secret for secret in secrets if secret in history] == []
    assert [secret for secret in secrets if secret not in keys] == []
    assert b"John Doe" not in history + keys


def test_archives_are_for_their_owner_only(saved: Saved) -> None:
    for archive in saved.backup:
        assert [path for path in archive.folder.rglob("*") if path.stat().st_mode & 0o077] == []
        assert archive.folder.stat().st_mode & 0o077 == 0


def test_no_column_with_a_secret_goes_to_the_history(saved: Saved) -> None:
    """New tables too: whoever adds one is told to say where its rows belong."""
    with psycopg.connect(saved.settings.database_url) as owner:
        historical = {str(table) for table in tables(owner) if place(table) is Place.HISTORY}
        columns = owner.execute(
            "SELECT table_schema || '.' || table_name, column_name FROM information_schema.columns"
            " WHERE column_name ~ 'secret|password|sealed|wrapped|private|token|content'"
        ).fetchall()
    assert len(columns) > 5
    assert [column for column in columns if column[0] in historical - OF_NO_PERSON] == []


def test_no_row_of_the_history_refers_to_one_that_is_elsewhere(saved: Saved) -> None:
    with psycopg.connect(saved.settings.database_url) as owner:
        historical = {str(table) for table in tables(owner) if place(table) is Place.HISTORY}
        references = owner.execute(
            "SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint"
            " WHERE contype = 'f'"
        ).fetchall()
    assert ("access.placements", "access.departments") in references
    leading_out = [(of, to) for of, to in references if of in historical and to not in historical]
    assert leading_out == []


def text_of(archive: Archive) -> bytes:
    """Everything in its files, uncompressed."""
    files = [path for path in archive.folder.rglob("*") if path.is_file()]
    return b"\n".join(
        gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        for file in files
    )


def test_old_keys_are_pruned_but_never_the_newest(saved: Saved, tmp_path: Path) -> None:
    wanted = saved.copy(tmp_path / "copy")
    assert wanted.keys
    folder = wanted.keys.folder.parent
    now = datetime.now(UTC)
    assert outlived_keys(folder, now) == []
    for days in (40, 20):
        older = folder / f"older-{days}"
        shutil.copytree(wanted.keys.folder, older)
        taken_at = now - timedelta(days=days)
        manifest.write(older, msgspec.structs.replace(wanted.keys.manifest, taken_at=taken_at))
    outlived = outlived_keys(folder, now - timedelta(days=30))
    assert [archive.folder.name for archive in outlived] == ["older-40"]


def test_the_command_line_saves_and_prunes(
    saved: Saved,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in environment_of(saved.settings).items():
        monkeypatch.setenv(name, value)
    arguments = ["backup", "--to", str(tmp_path / "saved"), "--keys-to", str(tmp_path / "apart")]
    assert main([*arguments, "--prune-keys", "30"]) == 0
    said = capsys.readouterr().out
    (history,) = archives(tmp_path / "saved" / "history", "history")
    (keys,) = archives(tmp_path / "apart", "keys")
    assert history.manifest.name == keys.manifest.name
    assert str(history.folder) in said
    assert f"{history.manifest.events:,} events" in said
    assert KEY not in said


def test_a_server_newer_than_the_programs_is_refused() -> None:
    with pytest.raises(BackupFailed, match="put the client programs of PostgreSQL 99 on PATH"):
        programs_for(99, embedded=False)
    assert programs_for(18, embedded=True).major == 18
