"""Log-ins and syncs by a real LDAP directory."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jwt as pyjwt
import msgspec
import psycopg
import pytest

from adapters.directory import Directory, DirectoryServer, DirectoryUnreachable, Groups
from commands.directory import DirectoryReport, DirectoryUnavailable
from commands.learner import DeactivateLearner, RegisterLearner
from lms.composition import CommandSide, command_side
from lms.data_folder import free_port
from lms.directory_schedule import sync_once
from lms.settings import PROJECT, Settings
from tests.commands.system import System as Commands
from tests.servers.postgres import Database
from tests.sso.conftest import Browser, Json, Process, System, running
from tests.sso.slapd import (
    GROUPS,
    PASSWORD,
    PEOPLE,
    READER,
    SUFFIX,
    Slapd,
    dn_of,
    ldif,
    needs_slapd,
    password_of,
)

pytestmark = needs_slapd

DISTINGUISHED_NAME_MATCH = "2.5.13.1"
UIDS = [f"person{number}" for number in range(20)]
ODD = ["*", "a*", "*)(uid=*", "ann)(|(uid=*", "\\2a", "\\", "(", "ann))%00", "&", "ann ", ""]


@pytest.fixture
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    server = Slapd(tmp_path_factory.mktemp("slapd"))
    server.load(ldif("ann", "bob", *UIDS))
    server.start()
    yield server
    server.stop()


def section(slapd: Slapd, **more: object) -> Json:
    """The directory as the file describes it."""
    return {
        "url": slapd.url,
        "base_dn": SUFFIX,
        "bind_dn": READER,
        "bind_password": PASSWORD,
        "ca_file": slapd.ca_file,
        "groups": {"base_dn": GROUPS},
        "accounts": {"roles": {"trainers": "instructor", "everybody": "manager"}},
        **more,
    }


def directory(slapd: Slapd, **more: Any) -> Directory:
    values = section(slapd, groups=Groups(base_dn=GROUPS), **more)
    del values["accounts"]
    return Directory(DirectoryServer(**values))


@pytest.fixture
def ldap_settings(slapd: Slapd, sso_settings: Settings, database: Database) -> Settings:
    """A system of its own with the directory."""
    file = slapd.folder / "sso.json"
    file.write_text(json.dumps({"directory": section(slapd)}))
    ports = [free_port() for _ in range(2)]
    return msgspec.structs.replace(
        sso_settings,
        sso_file=str(file),
        data_dir=slapd.folder,
        gateway_port=ports[0],
        public_url=f"http://127.0.0.1:{ports[0]}",
        write_api_port=ports[1],
        write_api_url=f"http://127.0.0.1:{ports[1]}",
        database_url=database.owner_url,
        write_database_url=database.write_url,
        read_database_url=database.read_url,
        project_database_url=database.project_url,
        seal_database_url=database.seal_url,
    )


@pytest.fixture
def behind(ldap_settings: Settings, database: Database) -> Iterator[System]:
    yield from running(ldap_settings, database)


@pytest.fixture
def side(ldap_settings: Settings) -> Iterator[CommandSide]:
    with command_side(ldap_settings, connections=2) as side:
        yield side


def log_in(browser: Browser, name: str, password: str) -> Any:
    return browser.http.post("/login", json={"username": name, "password": password})


def claims_of(answer: Any) -> Json:
    token = answer.json()["access_token"]
    return dict(pyjwt.decode(token, options={"verify_signature": False}))


def test_log_ins(slapd: Slapd, behind: System, database: Database) -> None:
    """One system for all of it: it takes a while to start."""
    browser = behind.browser()
    inner = slapd.groups("inner", dn_of("ann"))
    slapd.groups("trainers", inner)

    by_name = log_in(browser, "Ann", password_of("ann"))
    assert by_name.status_code == 200, by_name.text
    by_mail = log_in(browser, "ann@example.com", password_of("ann"))
    assert claims_of(by_mail)["sub"] == claims_of(by_name)["sub"]
    assert claims_of(by_mail)["roles"] == ["instructor"]
    learner = claims_of(by_name)["sub"]
    methods = [each["method"] for each in behind.events("learner.logged_in.v1", learner)]
    assert methods == ["ldap", "ldap"]

    slapd.changes("ann", departmentNumber="Sales")
    slapd.joins(inner, dn_of("bob"))
    slapd.parts(inner, dn_of("ann"))
    again = log_in(browser, "ann", password_of("ann"))
    assert claims_of(again)["roles"] == ["employee"]
    (updated,) = behind.events("learner.updated.v2", learner)
    assert updated["department"] == "Sales"

    nobody = without_instance(log_in(browser, "nobody", password_of("nobody")))
    wrong = without_instance(log_in(browser, "bob", "not it"))
    assert nobody == wrong
    assert wrong["status"] == 401


def test_nothing_odd_gets_in(slapd: Slapd, behind: System) -> None:
    browser = behind.browser()
    for name in ODD[:4]:
        assert log_in(browser, name, password_of("ann")).status_code == 401, name
    for password in ("", "*", "x" * 2_000):
        assert log_in(browser, "ann", password).status_code == 401
    assert behind.events("learner.registered.v1") == []
    assert behind.refused("log-in") == 7, "all of it is in the audit history"


def test_a_password_of_an_account_of_ours_isn_t_shown_to_the_directory(
    slapd: Slapd, behind: System, database: Database
) -> None:
    commands = Commands(database)
    own = RegisterLearner(
        username="ann", email="other@example.com", full_name="Ann", password="another long one 5"
    )
    commands.dispatch(own)
    browser = behind.browser()
    assert log_in(browser, "ann", password_of("ann")).status_code == 401
    assert log_in(browser, "ann", "another long one 5").status_code == 200
    slapd.stop()
    assert log_in(browser, "ann", "another long one 5").status_code == 200
    answer = log_in(browser, "bob", password_of("bob"))
    assert answer.json()["type"] == "/problems/directory-unavailable"
    assert answer.status_code == 503
    commands.close()
    kept = behind.everything_kept()
    for secret in (password_of("ann"), password_of("bob"), PASSWORD):
        assert secret not in kept


def without_instance(answer: Any) -> Json:
    return {k: v for k, v in answer.json().items() if k != "correlation_id"}


@pytest.mark.parametrize("name", ODD)
def test_whatever_a_name_holds_is_only_text(slapd: Slapd, name: str) -> None:
    assert directory(slapd).authenticate(name, password_of("ann")) is None or name == "ann "


@pytest.mark.parametrize("password", ["", "\x00", "x\x00", "x" * 2_000])
def test_no_password_is_no_password(slapd: Slapd, password: str) -> None:
    assert directory(slapd).authenticate("ann", password) is None


def test_a_name_of_two_people_is_nobody_s(slapd: Slapd) -> None:
    slapd.adds("ann2", mail="ann@example.com")
    assert directory(slapd).authenticate("ann@example.com", password_of("ann")) is None


def test_names_with_odd_characters_are_found(slapd: Slapd) -> None:
    odd = "o'b(r)i*e\\n,ü"
    with slapd.root() as root:
        root.add(
            f"uid=odd,{PEOPLE}",
            "inetOrgPerson",
            {
                "cn": odd,
                "sn": odd,
                "uid": ["odd", odd],
                "userPassword": "x",
                "mail": "o@example.com",
            },
        )
    entry = directory(slapd).authenticate(odd, "x")
    assert entry is not None
    assert entry.full_name == odd


def test_groups_in_groups_count_and_cycles_do_no_harm(slapd: Slapd) -> None:
    one = slapd.groups("one", dn_of("ann"))
    two = slapd.groups("two", one)
    three = slapd.groups("three", two)
    slapd.joins(one, three)
    asked = directory(slapd)
    entry = asked.authenticate("ann", password_of("ann"))
    assert entry is not None
    assert entry.groups == {"one", "two", "three"}
    everybody = {each.username: each.groups for each in asked.people()}
    assert everybody["ann"] == {"one", "two", "three"}
    assert everybody["bob"] == frozenset()


def test_a_group_is_asked_for_by_a_matching_rule_as_active_directory_is(
    slapd: Slapd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """slapd has no rule that looks into groups by itself. By one that it has, the same question
    gets its answer, whatever stands in the name; by Active Directory's, it is none, and no error.
    """
    odd = f"uid=o'b\\28r\\29i\\2a\\5c\\2cü,{PEOPLE}"
    with slapd.root() as root:
        names = {"cn": "Odd", "sn": "Odd", "mail": "odd@example.com", "userPassword": "x"}
        root.add(odd, "inetOrgPerson", names)
    slapd.groups("two", slapd.groups("one", odd, dn_of("ann")))
    values = section(slapd, groups=Groups(base_dn=GROUPS, nested="chain"))
    del values["accounts"]
    asked = Directory(DirectoryServer(**values))
    people = {"odd@example.com": "x", "ann": password_of("ann")}

    def groups_of(name: str) -> frozenset[str]:
        entry = asked.authenticate(name, people[name])
        assert entry is not None
        return entry.groups

    assert {groups_of(name) for name in people} == {frozenset()}
    monkeypatch.setattr("adapters.directory.IN_CHAIN", DISTINGUISHED_NAME_MATCH)
    assert {groups_of(name) for name in people} == {frozenset({"one"})}


def test_a_certificate_that_isn_t_trusted_is_refused(slapd: Slapd) -> None:
    with pytest.raises(DirectoryUnreachable):
        directory(slapd, ca_file=None).people()


def test_a_certificate_for_another_host_is_refused(slapd: Slapd) -> None:
    elsewhere = slapd.url.replace("127.0.0.1", "localhost")
    with pytest.raises(DirectoryUnreachable):
        directory(slapd, url=elsewhere).authenticate("ann", password_of("ann"))


def test_it_is_asked_by_tls_from_the_start_too(slapd: Slapd) -> None:
    by_tls = directory(slapd, url=slapd.tls_url, start_tls=False)
    entry = by_tls.authenticate("ann", password_of("ann"))
    assert entry is not None
    assert by_tls.authenticate("ann", "not it") is None
    with pytest.raises(DirectoryUnreachable):
        directory(slapd, url=slapd.tls_url, ca_file=None).people()
    elsewhere = slapd.tls_url.replace("127.0.0.1", "localhost")
    with pytest.raises(DirectoryUnreachable):
        directory(slapd, url=elsewhere).authenticate("ann", password_of("ann"))


def test_only_this_machine_is_asked_without_tls(slapd: Slapd) -> None:
    assert len(directory(slapd, start_tls=False).people()) == len(UIDS) + 2
    for url in ("ldap://ldap.example.com", "http://127.0.0.1", "ldap://"):
        with pytest.raises(ValueError, match=r"TLS|address"):
            directory(slapd, url=url, start_tls=False)


def test_a_wrong_password_of_ours_is_the_directory_s_fault_not_the_person_s(slapd: Slapd) -> None:
    with pytest.raises(DirectoryUnreachable):
        directory(slapd, bind_password="wrong").authenticate("ann", password_of("ann"))


def sync(settings: Settings, side: CommandSide, **options: bool) -> DirectoryReport:
    report = sync_once(settings, side, **{"dry_run": False, **options})
    assert report is not None
    return report


def events(database: Database) -> int:
    with psycopg.connect(database.owner_url) as connection:
        row = connection.execute("SELECT count(*) FROM event_store.events").fetchone()
    assert row
    return int(row[0])


def test_a_sync_opens_changes_deactivates_and_takes_back(
    slapd: Slapd, ldap_settings: Settings, side: CommandSide, database: Database
) -> None:
    dry = sync(ldap_settings, side, dry_run=True)
    assert (dry.people, dry.opened, events(database)) == (len(UIDS) + 2, len(UIDS) + 2, 0)
    first = sync(ldap_settings, side)
    assert (first.opened, first.refused, first.withheld) == (len(UIDS) + 2, {}, 0)
    recorded = events(database)
    again = sync(ldap_settings, side)
    assert (again.unchanged, again.opened, events(database)) == (len(UIDS) + 2, 0, recorded)

    slapd.changes("ann", cn="Ann Baker")
    slapd.groups("everybody", dn_of("bob"))
    slapd.loses(*UIDS[:2])
    dry = sync(ldap_settings, side, dry_run=True)
    assert events(database) == recorded
    changed = sync(ldap_settings, side)
    assert sorted(changed.changed.values()) == [["full_name"], ["roles"]]
    assert len(changed.deactivated) == 2
    assert (dry.changed, dry.deactivated) == (changed.changed, changed.deactivated)
    assert sync(ldap_settings, side).deactivated == []


def test_who_comes_back_with_the_same_id_is_taken_back(
    slapd: Slapd, ldap_settings: Settings, side: CommandSide, database: Database
) -> None:
    file = Path(ldap_settings.sso_file)
    without_bob = section(slapd, filter="(&(objectClass=inetOrgPerson)(!(uid=bob)))")
    sync(ldap_settings, side)
    file.write_text(json.dumps({"directory": without_bob}))
    (bob,) = sync(ldap_settings, side).deactivated
    file.write_text(json.dumps({"directory": section(slapd)}))
    assert sync(ldap_settings, side, dry_run=True).reactivated == [bob]
    assert sync(ldap_settings, side).reactivated == [bob]
    commands = Commands(database)
    commands.dispatch(DeactivateLearner(learner_id=bob))
    report = sync(ldap_settings, side)
    commands.close()
    assert (report.reactivated, report.deactivated) == ([], [])


def test_too_many_who_leave_are_not_believed(
    slapd: Slapd, ldap_settings: Settings, side: CommandSide, database: Database
) -> None:
    sync(ldap_settings, side)
    slapd.loses(*UIDS[:6])
    recorded = events(database)
    report = sync(ldap_settings, side)
    assert (report.withheld, report.deactivated, events(database)) == (6, [], recorded)
    assert len(sync(ldap_settings, side, however_many=True).deactivated) == 6


def test_without_a_directory_nothing_is_done(
    slapd: Slapd, ldap_settings: Settings, side: CommandSide, database: Database
) -> None:
    sync(ldap_settings, side)
    recorded = events(database)
    slapd.stop()
    with pytest.raises(DirectoryUnavailable):
        sync(ldap_settings, side)
    assert events(database) == recorded


def test_the_command_line_reports(
    slapd: Slapd, ldap_settings: Settings, database: Database
) -> None:
    def lms(*arguments: str) -> subprocess.CompletedProcess[str]:
        own = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT)}
        return subprocess.run(
            [sys.executable, "-m", "lms", "ldap", "sync", *arguments],
            env={**own, **ldap_settings.environment()},
            capture_output=True,
            text=True,
            check=False,
        )

    dry = lms("--dry-run")
    assert (dry.returncode, events(database)) == (0, 0), dry.stderr
    assert f"opened       {len(UIDS) + 2}" in dry.stdout
    assert json.loads(lms("--json").stdout)["opened"] == len(UIDS) + 2
    slapd.loses(*UIDS)
    held = lms()
    assert held.returncode == 1
    assert "--however-many" in held.stdout
    slapd.stop()
    down = lms()
    assert (down.returncode, "error: " in down.stderr) == (1, True)


def test_the_policies_process_syncs_by_itself(
    slapd: Slapd, ldap_settings: Settings, database: Database
) -> None:
    described = {"directory": section(slapd, sync_minutes=0.001)}
    Path(ldap_settings.sso_file).write_text(json.dumps(described))
    policies = Process("policies", ldap_settings, "", {})
    policies.spawn()
    try:
        eventually(lambda: events(database) >= 4 * (len(UIDS) + 2), policies)
        slapd.loses("bob")
        eventually(lambda: deactivated(database) == 1, policies)
    finally:
        policies.stop()


def eventually(holds: Callable[[], bool], process: Process) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, process.log.read_text()
        assert process.running, process.log.read_text()
        time.sleep(0.1)


def deactivated(database: Database) -> int:
    with psycopg.connect(database.owner_url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM event_store.events WHERE type = 'learner.deactivated.v1'"
        ).fetchone()
    assert row
    return int(row[0])
