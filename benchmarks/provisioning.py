"""Ten thousand people from a file, and pages of SCIM users out of a hundred thousand."""

import statistics
import time
from datetime import UTC, datetime
from uuid import uuid4

import httpx
import psycopg

from access.actor import Actor
from access.tokens import TokenIssuer
from benchmarks.measure import Result
from benchmarks.servers import a_process, a_system
from commands.context import Context
from commands.importing.decide import Outcome
from commands.importing.run import Importer
from commands.learner import RegisterLearner
from commands.organization import AddDepartment
from commands.user_import import ImportUsers
from domain.roles import Role
from lms.composition import AUDIENCE, CommandSide, command_side
from lms.settings import Settings
from projections.catalogue import named
from projections.opening import open_live
from projections.source import open_source

PEOPLE, DIRECTORY, PAGE, ROUNDS = 10_000, 100_000, 100, 40
IMPORT_TARGET, PAGE_TARGET = 60.0, 0.05
DEPARTMENTS = 20
CONSOLE = Actor(None, frozenset({Role.ADMIN}))

PAGES = {
    "first": {},
    "last": {"startIndex": str(DIRECTORY - PAGE + 1)},
    "sorted": {"sortBy": "userName", "startIndex": "50000"},
    "filtered": {"filter": 'userName eq "person77777"'},
    "department": {
        "filter": f"{'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'}"
        ':department eq "Dept 7" and active eq true'
    },
}


def run() -> list[Result]:
    """Measures; takes about a minute and a half."""
    with a_system() as settings:
        with command_side(settings, connections=4) as side:
            side.signing_keys.ensure()
            admin = _admin(side)
            _departments(side, admin)
            first = _import(side, admin, Outcome.CREATED)
            again = _import(side, admin, Outcome.UNCHANGED)
            token = _token(settings, side, admin)
        pages = _pages(settings, token)
    return [_told(first, again), *(_page_told(name, times) for name, times in pages.items())]


def _admin(side: CommandSide) -> Actor:
    """Who began an import must still have the right to when it is carried out."""
    admin = RegisterLearner(
        username="admin",
        email="admin@example.com",
        full_name="Ada Admin",
        roles=[Role.ADMIN],
    )
    id = side.dispatcher.dispatch(admin, _context(CONSOLE)).id
    return Actor(id, frozenset({Role.ADMIN}), uuid4())


def _departments(side: CommandSide, admin: Actor) -> None:
    for number in range(DEPARTMENTS):
        side.dispatcher.dispatch(AddDepartment(name=f"Dept {number}"), _context(admin))


def _import(side: CommandSide, admin: Actor, expected: Outcome) -> float:
    """Seconds. Raises AssertionError unless that became of every row."""
    importer = Importer(side.log, side.passwords, side.dispatcher, side.pool)
    begun = time.perf_counter()
    id = side.dispatcher.dispatch(ImportUsers(content=_file()), _context(admin)).id
    assert importer.carry_out_next()
    seconds = time.perf_counter() - begun
    with side.pool.connection() as connection:
        outcomes = connection.execute(
            "SELECT outcome, count(*) FROM provisioning.import_rows WHERE import_id = %s"
            " GROUP BY outcome",
            (id,),
        ).fetchall()
    assert outcomes == [(expected, PEOPLE)], outcomes
    return seconds


def _context(actor: Actor) -> Context:
    return Context(actor=actor, now=datetime.now(UTC), correlation_id=uuid4(), command_id=uuid4())


def _file() -> str:
    """Everybody reports to somebody; most managers come after those who report to them."""
    lines = ["username,email,full_name,external_id,department,job_role,manager"]
    for number in reversed(range(PEOPLE)):
        manager = f"X{number // 8}" if number else ""
        lines.append(
            f"u{number},u{number}@example.com,Person {number},X{number},"
            f"Dept {number % DEPARTMENTS},Engineer,{manager}"
        )
    return "\n".join(lines)


def _token(settings: Settings, side: CommandSide, admin: Actor) -> str:
    issuer = TokenIssuer(
        side.signing_keys, issuer=settings.public_url, audience=AUDIENCE, seconds_valid=7_200
    )
    return issuer.access_token(admin)


def _pages(settings: Settings, token: str) -> dict[str, list[float]]:
    with open_source(settings.project_database_url, settings.master_key) as source:
        for name in ("scim_user", "scim_group"):
            open_live(named(name), source).close()
    _fill(settings)
    arguments = ["-m", "lms", "run", "read-api"]
    with a_process(arguments, settings.environment(), settings.read_api_port):
        return {name: _times(settings, token, query) for name, query in PAGES.items()}


def _fill(settings: Settings) -> None:
    with psycopg.connect(settings.project_database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO scim_user_v2.scim_user (id, external_id, username, username_key, email,"
            " email_key, full_name, full_name_key, given_name, given_name_key, family_name,"
            " family_name_key, language, language_key, time_zone, time_zone_key, department,"
            " department_key, job_role, job_role_key, roles, created_at, updated_at)"
            " SELECT gen_random_uuid(), 'E' || n, 'person' || n, 'person' || n,"
            " 'p' || n || '@example.com', 'p' || n || '@example.com', 'Jane Doe ' || n,"
            " 'jane doe ' || n, 'Jane', 'jane', 'Doe', 'doe', 'en', 'en', 'UTC', 'utc',"
            " 'Dept ' || n %% 20, 'dept ' || n %% 20, 'Engineer', 'engineer', '{employee}', now(),"
            " now() FROM generate_series(1, %s) AS n",
            (DIRECTORY - PEOPLE,),
        )
        connection.execute("VACUUM ANALYZE scim_user_v2.scim_user")


def _times(settings: Settings, token: str, query: dict[str, str]) -> list[float]:
    times = []
    url = f"http://127.0.0.1:{settings.read_api_port}/scim/v2/Users"
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=30) as client:
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            answer = client.get(url, params={"count": str(PAGE), **query})
            times.append(time.perf_counter() - begun)
            assert answer.status_code == 200, answer.text
    return times[5:]


def _told(first: float, again: float) -> Result:
    return Result(
        what=f"CSV import of {PEOPLE:,} people, managers in any order",
        target=f"< {IMPORT_TARGET:g} s",
        measured=f"{first:.1f} s",
        met=first < IMPORT_TARGET,
        detail=f"the same file again, which changes nothing: {again:.1f} s",
    )


def _page_told(name: str, times: list[float]) -> Result:
    median = statistics.median(times)
    return Result(
        what=f"SCIM `GET /Users`, {PAGE} of {DIRECTORY:,}: {name}",
        target=f"< {PAGE_TARGET * 1000:g} ms",
        measured=f"{median * 1000:.0f} ms",
        met=median < PAGE_TARGET,
        detail=f"p95 {sorted(times)[int(len(times) * 0.95)] * 1000:.0f} ms, over HTTP",
    )
