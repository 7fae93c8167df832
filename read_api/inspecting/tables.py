"""The records as rows of texts: for CSV files, and shorter for paper."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec

from event_store.record import Record
from read_api.history import AuditEntry
from read_api.inspecting import words
from read_api.inspecting.dossier import Attempt, Certificate, Decision, Dossier, Training
from read_api.inspecting.people import Individual

TRAIL: Final = (
    *("position", "recorded_at", "happened_at", "who", "on_behalf_of", "what", "details"),
    *("stream_type", "stream_id", "version", "type", "command", "correlation_id", "causation"),
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_NAMED: Final = ("_id", "by", "_of")
_LATE: Final = timedelta(minutes=1)
_LONGEST: Final = 500
_SHORTENED: Final = " … (whole in trail.csv)"

Names = Mapping[UUID, str]


def trail_row(entry: AuditEntry, names: Names) -> list[object]:
    """An event for `trail.csv`, by the columns of `TRAIL`."""
    return [
        entry.position,
        _iso(entry.recorded_at),
        _iso(entry.happened_at),
        words.person(entry.actor),
        words.person(entry.on_behalf_of) if entry.on_behalf_of else "",
        words.title(entry.type),
        words.details(entry, names),
        entry.stream_type,
        entry.stream_id,
        entry.version,
        entry.type,
        entry.command,
        entry.correlation_id,
        "" if entry.causation is None else entry.causation,
    ]


def printed_trail_row(entry: AuditEntry, names: Names) -> list[str]:
    """The same for paper: event, when, who, what, in detail."""
    details = words.details(entry, names)
    if len(details) > _LONGEST:
        details = details[:_LONGEST] + _SHORTENED
    return [
        str(entry.position),
        _when(entry),
        words.who(entry),
        words.title(entry.type),
        details,
    ]


def exact(record: Record) -> bytes:
    """A line of `events.ndjson`: `data` and `metadata` are texts that hold the exact bytes."""
    return msgspec.json.encode(
        {
            "position": record.position,
            "stream_id": record.stream_id,
            "stream_type": record.stream_type,
            "version": record.version,
            "type": record.type,
            "recorded_at": record.recorded_at,
            "data": record.data.decode(),
            "metadata": record.metadata.decode(),
        }
    )


def printed_person(
    id: UUID, known: Individual | None, one: Dossier, names: Names
) -> dict[str, Any]:
    """A person's section on paper."""
    return {
        "id": str(id),
        "name": known.full_name if known else "somebody unknown",
        "about": " · ".join(filter(None, _about(known))) if known else "",
        "trainings": [_printed_training(each, names) for each in one.trainings.values()],
        "attempts": [_printed_attempt(each, names) for each in one.attempts.values()],
        "certificates": [_printed_certificate(each) for each in one.certificates.values()],
        "decisions": [_printed_decision(each, names) for each in one.decisions],
    }


def write_csv(
    file: Path, rows: Iterable[msgspec.Struct], kind: type[msgspec.Struct], names: Names
) -> None:
    """A table of one kind of record; each id of a person, course or assessment has its name
    beside it."""
    fields = kind.__struct_fields__
    named = [field for field in fields if field.endswith(_NAMED)]
    with csv_file(file) as out:
        writer = csv.writer(out)
        writer.writerow([*fields, *(f"{field.removesuffix('_id')}_name" for field in named)])
        for row in rows:
            values = [getattr(row, field) for field in fields]
            also = [names.get(getattr(row, field), "") for field in named]
            writer.writerow([cell(value) for value in (*values, *also)])


def csv_file(file: Path) -> Any:
    """A file for CSV that spreadsheets read as UTF-8."""
    return file.open("w", encoding="utf-8-sig", newline="")


def cell(value: object) -> object:
    """A value that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return _iso(value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def _about(known: Individual) -> Sequence[str | None]:
    state = None if known.active else "deactivated"
    return (known.username, known.email, known.department, known.job_role, state)


def _printed_training(one: Training, names: Names) -> list[str]:
    return [
        names.get(one.course_id, str(one.course_id)),
        _text(one.course_version),
        words.day(one.enrolled_at),
        _name(one.enrolled_by, names),
        words.day(one.due_at),
        words.day(one.completed_at),
        _percent(one.score),
        one.status,
    ]


def _printed_attempt(one: Attempt, names: Names) -> list[str]:
    by = one.graded_by or ""
    graded = "automatically" if by == "auto" else names.get(UUID(by), by) if by else ""
    return [
        names.get(one.assessment_id, str(one.assessment_id)),
        _text(one.number),
        words.moment(one.started_at),
        words.moment(one.submitted_at),
        _percent(one.score),
        {True: "yes", False: "no", None: ""}[one.passed],
        f"{words.day(one.graded_at)} {graded}".strip(),
    ]


def _printed_certificate(one: Certificate) -> list[str]:
    revoked = f"{words.day(one.revoked_at)}: {one.revocation_reason or 'no reason given'}"
    return [
        one.number or "",
        one.course_title or "",
        words.day(one.completed_at),
        words.day(one.issued_at),
        words.day(one.expires_at) or "no end",
        revoked if one.revoked_at else "",
    ]


def _printed_decision(one: Decision, names: Names) -> list[str]:
    by = _name(one.by, names)
    if one.on_behalf_of:
        by += f" on behalf of {_name(one.on_behalf_of, names)}"
    return [words.moment(one.at), one.what, by, one.reason or "", str(one.position)]


def _when(entry: AuditEntry) -> str:
    """When it happened; also when it was recorded, if that was later, as of imported history."""
    at, recorded = entry.happened_at or entry.recorded_at, entry.recorded_at
    late = recorded - at > _LATE
    return f"{words.moment(at)} (recorded {words.moment(recorded)})" if late else words.moment(at)


def _name(id: UUID | None, names: Names) -> str:
    return names.get(id, str(id)) if id else words.SYSTEM


def _percent(score: float | None) -> str:
    return "" if score is None else f"{score:g} %"


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _iso(at: datetime | None) -> str:
    return at.isoformat().replace("+00:00", "Z") if at else ""
