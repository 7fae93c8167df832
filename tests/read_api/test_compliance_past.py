"""The view of compliance as of any moment says what the events up to that moment say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from psycopg.rows import dict_row

from access.actor import Actor
from access.permissions import Scope
from domain.roles import Role
from lms.embedded.postgres import EmbeddedPostgres
from projections.catalogue import PROJECTIONS, named
from projections.entry import entries
from projections.opening import open_live
from projections.source import open_source
from projections.track import Track
from read_api.as_of import Moment
from read_api.asking import Asking
from read_api.compliance_candidates import stretch
from read_api.compliance_differences import Between, Row, difference, query
from read_api.compliance_obligations import Sought, obligations_query
from read_api.compliance_rows import Asked, People, Status
from read_api.compliance_summary import Per, summary_query
from read_api.condition import Where
from read_api.database import Database as Reads
from read_api.database import open_pool
from read_api.scope import Reach
from tests.commands.system import MASTER_KEY
from tests.read_api.lives import ACTS, MINUTE, Act, Company
from tests.read_api.past import Past, Standing, Told
from tests.servers.postgres import Database, migrated

EVERYBODY = Asked(people=People.ALL)
ANYBODY = UUID(int=1)
SECOND = timedelta(seconds=1)


class View:
    """The read model of one history after the other, on a database of its own."""

    def __init__(self, database: Database, track: Track) -> None:
        self.track = track
        self._owner = psycopg.connect(database.owner_url, autocommit=True)
        self._reader = psycopg.connect(database.read_url, autocommit=True, row_factory=dict_row)
        admin = Actor(id=ANYBODY, roles=frozenset({Role.ADMIN}))
        reads = Reads(open_pool(database.read_url))
        self._asking = Asking(admin, Reach(ANYBODY, frozenset({Scope.ANY})), reads)

    def tell(self, told: Sequence[Told]) -> None:
        """Forgets all it knew, and is told another history."""
        schema = self.track.schema
        for table in ("obligation", "person", "course", "department"):
            self._owner.execute(f"TRUNCATE {schema}.compliance_{table}".encode())
        events = {each.record.position: each.event for each in told}
        records = [each.record for each in told]
        self.track.apply(
            entries(records, lambda record: events[record.position]), records[-1].position
        )
        assert not self.track._stopped

    def obligations(
        self, moment: Moment, asked: Asked = EVERYBODY, sought: Sought | None = None
    ) -> list[Standing]:
        return self._rows(
            *obligations_query(self._asking, asked, sought or Sought(), moment, None, 100)
        )

    def summary(self, moment: Moment, per: Per) -> list[Standing]:
        return self._rows(*summary_query(self._asking, EVERYBODY, moment, per))

    def differences(self, first: datetime, second: datetime) -> list[Standing]:
        """Whichever way it is found out where to look."""
        between = Between(Moment(first), Moment(second))
        narrow, wide = (
            self._rows(*query(self._asking, EVERYBODY, between, self._ids(between, is_wide), 100))
            for is_wide in (False, True)
        )
        assert narrow == wide
        return wide

    def _ids(self, between: Between, is_wide: bool) -> list[UUID]:
        sql, params = stretch(Where(), between.first, between.second, None, is_wide=is_wide)
        return [row["id"] for row in self._rows(sql, params)]

    def close(self) -> None:
        self._owner.close()
        self._reader.close()

    def _rows(self, sql: str, params: Sequence[object]) -> list[Standing]:
        return self._reader.execute(sql.encode(), params).fetchall()


@pytest.fixture(scope="module")
def view(postgres: EmbeddedPostgres, migrated_template: str) -> Iterator[View]:
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE pasts TEMPLATE {migrated_template}".encode())
        database = migrated(postgres, "pasts")
        with open_source(database.project_url, MASTER_KEY) as source:
            for projection in PROJECTIONS:
                open_live(projection, source).close()
            with open_live(named("compliance"), source) as track:
                view = View(database, track)
                yield view
                view.close()
        connection.execute("DROP DATABASE pasts WITH (FORCE)")


def company_of(acts: Sequence[Act], view: View) -> Company:
    company = Company(view.track.position)
    for act in acts:
        company.act(act)
    view.tell(company.told)
    return company


def moments(told: Sequence[Told]) -> Iterator[tuple[Moment, Past]]:
    """Every position with the past up to it; and instants at, before and after each recording."""
    for number, each in enumerate(told, start=1):
        at, position = each.record.recorded_at, each.record.position
        yield Moment(at, position), Past(told[:number])
    recorded = {each.record.recorded_at for each in told}
    for at in sorted(recorded | {at + MINUTE / 2 + SECOND for at in recorded}):
        yield Moment(at), Past([each for each in told if each.record.recorded_at <= at])


def same(found: Sequence[Standing], expected: Sequence[Standing]) -> bool:
    def by_id(rows: Sequence[Standing]) -> dict[UUID, Any]:
        names = expected[0] if expected else ()
        return {row["id"]: {name: row[name] for name in names} for row in rows}

    return len(found) == len(expected) and by_id(found) == by_id(expected)


def is_compliant(standing: Standing | None) -> bool | None:
    if standing is None or not standing["active"] or standing["status"] == "withdrawn":
        return None
    return standing["status"] not in {"overdue", "expired", "revoked"}


forall = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@forall
@given(acts=ACTS)
def test_every_moment_is_as_the_events_up_to_it_say(view: View, acts: list[Act]) -> None:
    for moment, past in moments(company_of(acts, view).told):
        assert same(view.obligations(moment), past.standings(moment.at)), moment


@forall
@given(acts=ACTS)
def test_filters_go_by_what_was_so_then(view: View, acts: list[Act]) -> None:
    company = company_of(acts, view)
    told = company.told
    for count in (len(told), len(told) * 3 // 4, len(told) // 2):
        last = told[count - 1].record
        moment = Moment(last.recorded_at, last.position)
        compare_filters(view, company, moment, Past(told[:count]))


def compare_filters(view: View, company: Company, moment: Moment, past: Past) -> None:
    all_then = past.standings(moment.at)
    for top, boss in zip(company.departments, company.learners, strict=True):
        below = [it for it in all_then if past.is_below(it["department_id"], top)]
        reports = [it for it in all_then if past.reports_to(it["learner_id"], boss.id)]
        for many in (frozenset[str](), frozenset({"department", "manager"})):
            asked = Asked(people=People.ALL, department_id=top, many=many)
            assert same(view.obligations(moment, asked), below)
            asked = Asked(people=People.ALL, manager_id=boss.id, many=many)
            assert same(view.obligations(moment, asked), reports)
    for status in Status:
        found = view.obligations(moment, sought=Sought(status=status))
        assert same(found, [it for it in all_then if it["status"] == status])
    for compliant in (True, False):
        found = view.obligations(moment, Asked(), Sought(compliant=compliant))
        assert same(found, [it for it in all_then if is_compliant(it) is compliant])
    found = view.obligations(moment, Asked(people=People.LEFT))
    assert same(found, [it for it in all_then if not it["active"]])


@forall
@given(acts=ACTS)
def test_a_summary_counts_what_a_list_shows(view: View, acts: list[Act]) -> None:
    company = company_of(acts, view)
    moment = Moment(company.now)
    listed = view.obligations(moment)
    for per, names in (
        (Per.COURSE, ("course_id",)),
        (Per.DEPARTMENT, ("department_id",)),
        (Per.DEPARTMENT_AND_COURSE, ("department_id", "course_id")),
    ):
        for row in view.summary(moment, per):
            group = [it for it in listed if all(it[name] == row[name] for name in names)]
            for status in Status:
                assert row[status] == sum(it["status"] == status for it in group)


@forall
@given(acts=ACTS)
def test_differences_are_those_of_the_two_pasts(view: View, acts: list[Act]) -> None:
    company = company_of(acts, view)
    told = company.told
    instants = sorted({each.record.recorded_at for each in told})[-12:]
    last = company.now + MINUTE * 10
    for first, second in [(instants[0], last), *pairwise([*instants, last])]:
        before, after = (
            {
                it["id"]: it
                for it in Past([e for e in told if e.record.recorded_at <= at]).standings(at)
            }
            for at in (first, second)
        )
        changed = {
            (id, is_compliant(before.get(id)), is_compliant(it))
            for id, it in after.items()
            if is_compliant(before.get(id)) is not is_compliant(it)
        }
        found = view.differences(first, second)
        assert {(row["id"], row["was_compliant"], row["compliant"]) for row in found} == changed


def causes(view: View, acts: list[Act], from_act: int = 0) -> list[tuple[str, str]]:
    """What changed between an act and ten minutes after the last, and what brought that about."""
    company = Company(view.track.position)
    for act in acts[: from_act + 1]:
        company.act(act)
    first = company.now
    for act in acts[from_act + 1 :]:
        company.act(act)
    view.tell(company.told)
    rows = view.differences(first, company.now + 10 * MINUTE)
    found = [difference(msgspec.convert(row, Row)) for row in rows]
    types = {each.record.position: each.record.type for each in company.told}
    return [(each.change.value, types.get(each.position or 0, "time")) for each in found]


ASSIGN, LEARN, CERTIFY = ("assign", 1, 0, 1), ("learn", 1, 0, 1), ("certify", 1, 0, 0)
CAUSES = {
    "a due date": ([ASSIGN], 0, ("became_non_compliant", "time")),
    "done late": (
        [ASSIGN, ("wait", 0, 0, 4), LEARN],
        1,
        ("became_compliant", "enrollment.completed.v1"),
    ),
    "assigned and done": (
        [("wait", 0, 0, 0), ASSIGN, LEARN],
        0,
        ("newly_required", "enrollment.created.v1"),
    ),
    "revoked": (
        [ASSIGN, LEARN, CERTIFY, ("revoke", 1, 0, 1)],
        2,
        ("became_non_compliant", "certificate.revoked.v1"),
    ),
    "an expiry": (
        [ASSIGN, LEARN, ("certify", 1, 0, 1), *[("wait", 0, 0, 4)] * 3],
        2,
        ("became_non_compliant", "time"),
    ),
    "left": ([ASSIGN, ("retire", 1, 0, 1)], 0, ("no_longer_required", "learner.deactivated.v1")),
    "back": (
        [ASSIGN, ("retire", 1, 0, 1), ("wait", 0, 0, 4), ("return", 1, 0, 1)],
        2,
        ("became_non_compliant", "learner.reactivated.v1"),
    ),
}


@pytest.mark.parametrize("name", CAUSES)
def test_a_change_is_put_down_to_what_brought_it_about(view: View, name: str) -> None:
    acts, from_act, expected = CAUSES[name]
    assert causes(view, acts, from_act) == [expected]


def test_a_clock_that_runs_backwards_makes_no_two_states_of_one_instant(view: View) -> None:
    company = Company(view.track.position)
    company.act(ASSIGN)
    company.now -= 2 * MINUTE
    company.act(LEARN)
    view.tell(company.told)

    for seconds in range(-300, 300, 20):
        found = view.obligations(Moment(company.now + seconds * SECOND))
        assert len(found) <= 1
    assert [row["status"] for row in found] == ["completed"]
