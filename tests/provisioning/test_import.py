"""Files of people, brought into the running system."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.journey.lms import Json, Person, body_of, eventually
from tests.servers.stack import Stack

HEADER = "username,email,full_name,external_id,department,manager"


@pytest.fixture
def tag() -> str:
    """What makes the names of one test nobody else's."""
    return f"t{uuid4().hex[:10]}"


class Files:
    """Sends files as somebody, and waits for what becomes of them."""

    def __init__(self, by: Person) -> None:
        self._by = by

    def sends(
        self, content: bytes | str, *, kind: str = "text/csv", dry_run: bool = False
    ) -> httpx.Response:
        data = content.encode() if isinstance(content, str) else content
        return self._by.lms.http.post(
            "/users/import",
            params={"dry_run": "true"} if dry_run else None,
            content=data,
            headers={"Authorization": f"Bearer {self._by.token}", "Content-Type": kind},
        )

    def begins(self, content: bytes | str, *, dry_run: bool = False) -> str:
        answer = self.sends(content, dry_run=dry_run)
        begun = body_of(answer, 202)
        assert answer.headers["Location"] == f"/users/imports/{begun['id']}"
        return str(begun["id"])

    def ends(self, id: str) -> Json:
        def over() -> Json | None:
            found = self._by.sees(f"/users/imports/{id}")
            return found if found["state"] in {"finished", "failed"} else None

        return eventually(over, "the end of the import", deadline=60)

    def imports(self, content: bytes | str, *, dry_run: bool = False) -> Json:
        return self.ends(self.begins(content, dry_run=dry_run))

    def rows(self, ended: Json, **query: object) -> list[Json]:
        return self._by.lists(f"/users/imports/{ended['id']}/rows", **query)


@pytest.fixture
def files(admin: Person) -> Files:
    return Files(admin)


def counts(ended: Json) -> dict[str, int]:
    assert ended["state"] == "finished"
    assert ended["done"] == ended["rows"]
    return {name: ended[name] for name in ("created", "updated", "unchanged", "refused")}


def a_file(rows: Sequence[str], header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


def some(created: int = 0, updated: int = 0, unchanged: int = 0, refused: int = 0) -> Json:
    return {"created": created, "updated": updated, "unchanged": unchanged, "refused": refused}


def test_people_come_in_with_managers_in_any_order(files: Files, admin: Person, tag: str) -> None:
    file = a_file(
        [
            f"{tag}c,{tag}c@example.com,Carl,,Tools,X{tag}b",
            f"{tag}a,{tag}a@example.com,Änne,,Tools,",
            f"{tag}b,{tag}b@example.com,Bob,X{tag}b,Tools,{tag.upper()}A@example.com",
        ]
    )
    ended = files.imports(file)
    assert counts(ended) == some(created=3)
    ids = {row["line"]: row["learner_id"] for row in files.rows(ended)}
    people = {line: admin.sees(f"/users/{id}") for line, id in ids.items()}
    assert people[2]["manager_id"] == ids[4]
    assert people[4]["manager_id"] == ids[3]
    assert people[3]["full_name"] == "Änne"


def test_a_file_may_come_again(files: Files, admin: Person, tag: str) -> None:
    rows = [f"{tag}{n},{tag}{n}@example.com,Person {n},X{tag}{n},Tools," for n in range(5)]
    first = files.imports(a_file(rows))
    assert counts(first) == some(created=5)
    assert counts(files.imports(a_file(rows))) == some(unchanged=5)
    rows[0] = f"{tag}new,{tag}new@example.com,Person 0,X{tag}0,Sales,"
    rows[1] = rows[1].upper()
    rows[1] = f"{tag.upper()}1,{tag}1@EXAMPLE.com,Person 1,X{tag}1,,"
    again = files.imports(a_file(rows))
    assert counts(again) == some(updated=2, unchanged=3)
    moved = admin.sees(f"/users/{files.rows(again)[0]['learner_id']}")
    assert (moved["username"], moved["department"]) == (f"{tag}new", "Sales")
    same = admin.sees(f"/users/{files.rows(again)[1]['learner_id']}")
    assert same["department"] == "Tools", "an empty cell leaves all as it was"


def test_a_dry_run_reports_and_does_nothing(files: Files, admin: Person, tag: str) -> None:
    file = a_file([f"{tag},{tag}@example.com,Jane,,,", f"{tag}x,nobody,Joe,,,"])
    ended = files.imports(file, dry_run=True)
    assert counts(ended) == some(created=1, refused=1)
    assert admin.lists("/users", q=tag) == []
    assert files.rows(ended)[0]["learner_id"] is None


def test_every_fault_of_every_row_is_told(files: Files, tag: str) -> None:
    file = a_file(
        [
            f",{tag}1@example.com,A,,,,,",
            f"{tag}2,nobody,,,,,,admin;boss",
            f"{tag}3,{tag}3@example.com,C,,,nobody-{tag},,",
            f"{tag}4,{tag}4@example.com,D,,,,Mars/Olympus,",
            f"{tag}5,{tag}5@example.com,E,,,{tag}5,,",
            f"{tag}6,{tag}6@example.com,F,,,{tag}3,,",
            f"{tag}7,{tag}7@example.com,G,,,{tag}8,,",
            f"{tag}8,{tag}8@example.com,H,,,{tag}7,,",
        ],
        HEADER + ",time_zone,roles",
    )
    ended = files.imports(file)
    assert counts(ended) == some(refused=8)
    faults = {row["line"]: {each["field"] for each in row["faults"]} for row in files.rows(ended)}
    assert faults == {
        2: {"username"},
        3: {"email", "full_name", "roles"},
        4: {"manager"},
        5: {"time_zone"},
        6: {"manager"},
        7: {"manager"},
        8: {"manager"},
        9: {"manager"},
    }
    for row in files.rows(ended):
        for fault in row["faults"]:
            assert tag not in fault["detail"], "a report tells no personal data"


def test_the_same_name_in_another_case_or_form_is_found(files: Files, tag: str) -> None:
    file = a_file(
        [
            f"é{tag}1,{tag}1@example.com,A,,,",
            f"E\u0301{tag}1,{tag}2@example.com,B,,,",
            f"{tag}3,{tag}4@example.com,C,,,",
            f"{tag}5,{tag.upper()}4@Example.COM,D,,,",
            f"ｗ{tag}6,{tag}6@example.com,E,,,",
            f"W{tag}6,{tag}7@example.com,F,,,",
        ]
    )
    ended = files.imports(file)
    assert counts(ended) == some(refused=6)


def test_who_has_the_name_of_somebody_else_is_refused(files: Files, tag: str) -> None:
    files.imports(a_file([f"{tag}1,{tag}1@example.com,A,X{tag}1,,"]))
    ended = files.imports(
        a_file([f"{tag}1,{tag}2@example.com,B,X{tag}2,,", f"{tag}3,{tag}1@example.com,C,X{tag}3,,"])
    )
    assert counts(ended) == some(refused=2)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (a_file(["jänner,a@example.com,A,,,"]).encode("latin-1"), "UTF-8"),
        (a_file(["a,a@example.com,A,,,"]).encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04spreadsheet", "spreadsheet"),
        (a_file(["a\x00,a@example.com,A,,,"]).encode(), "NUL"),
        (b"", "header"),
        (b"username,email\n", "nobody"),
        (b"username,mail\na,b\n", "email"),
        (b"username,username,email\na,b,c\n", "twice"),
        (b"username\na\n", "email"),
        (b"username,email\na\n", "cells"),
        (b'username,email\n"a,b\n', "CSV"),
        (b"username,email\n" + b"a,b\n" * 10_001, "10000"),
    ],
)
def test_what_is_no_file_of_people_is_refused_as_a_whole(
    files: Files, content: bytes, word: str
) -> None:
    problem = body_of(files.sends(content), 422)
    assert problem["errors"][0]["field"] == "file"
    assert word in problem["detail"]


def test_excel_s_ways_are_understood(files: Files, tag: str) -> None:
    text = f'Username;Email;Full Name\r\n{tag};{tag}@example.com;"Doe; Jane"\r\n;;\r\n'
    assert counts(files.imports(b"\xef\xbb\xbf" + text.encode())) == some(created=1)


def test_a_form_may_carry_the_file(files: Files, admin: Person, tag: str) -> None:
    answer = admin.lms.http.post(
        "/users/import",
        files={"file": ("people.csv", a_file([f"{tag},{tag}@example.com,A,,,"]), "text/csv")},
        headers={"Authorization": f"Bearer {admin.token}"},
    )
    assert counts(files.ends(body_of(answer, 202)["id"])) == some(created=1)


def test_only_admins_import(instructor: Person, files: Files) -> None:
    body_of(Files(instructor).sends(a_file(["a,a@example.com,A,,,"])), 403)
    body_of(Files(instructor).sends(b"\xff\xfea file in UTF-16"), 403)
    body_of(files.sends("{}", kind="application/json"), 415)


def test_roles_and_states_follow_the_file(files: Files, admin: Person, tag: str) -> None:
    header = "username,email,full_name,roles,active"
    row = f"{tag},{tag}@example.com,A"
    ended = files.imports(a_file([f"{row},manager;instructor,false"], header))
    id = files.rows(ended)[0]["learner_id"]
    person = admin.sees(f"/users/{id}")
    assert (person["roles"], person["active"]) == (["instructor", "manager"], False)
    files.imports(a_file([f"{row},employee,yes"], header))
    person = admin.sees(f"/users/{id}")
    assert (person["roles"], person["active"]) == (["employee"], True)


@pytest.mark.slow
def test_an_import_survives_the_death_of_its_process(
    files: Files, admin: Person, stack: Stack, tag: str
) -> None:
    rows = [f"{tag}{n},{tag}{n}@example.com,Person {n},X{tag}{n},Tools," for n in range(3_000)]
    id = files.begins(a_file(rows))
    eventually(lambda: admin.sees(f"/users/imports/{id}")["done"] > 0, "some progress")
    os.kill(_pid_of_importer(stack), signal.SIGKILL)
    ended = files.ends(id)
    assert counts(ended) == some(created=3_000)
    found = admin.sees("/audit/events", type="learner.registered", correlation_id=id, limit=1)
    assert found["items"]


def _pid_of_importer(stack: Stack) -> int:
    beat = Path(stack.settings.data_dir) / "run" / "importer.json"
    return int(json.loads(beat.read_bytes())["pid"])
