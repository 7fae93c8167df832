"""Our SQL holds for exactly the resources that the library's own evaluator picks."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.rows import tuple_row
from scim2_models import Context, InvalidFilterException, ScimFilter

from domain.directory_entry import DirectoryEntry
from domain.group import Group
from domain.learner import Learner
from domain.roles import Role
from edge.scim.records import UserRecord, user_json
from edge.scim.service import DirectoryService
from event_store.application import Log
from projections.catalogue import named
from projections.opening import open_live
from projections.source import open_source
from read_api.scim.attributes import USERS
from read_api.scim.filters import condition_of
from tests.commands.system import MASTER_KEY
from tests.servers.postgres import Database

SERVICE: Final = DirectoryService("http://lms", lambda *_: True, secret=b"secret")
MODEL: Any = SERVICE.get_model(SERVICE.get_resource_type("User"))
TIMES: Final = [datetime(2030, 1, day, 9, tzinfo=UTC) for day in range(1, 4)]
WORDS: Final = ["jane", "JANE", "Ünal", "u\u0308nal", "ＪＡＮＥ", "ß", "SS", "o'h%_\\", "x", ""]
NAMES: Final = ["jane", "Joe", "ÜNAL", "straße", "o'h%_\\"]

People = list[tuple[UUID, Any]]


def _person(number: int, manager: UUID | None) -> Learner:
    name = f"{NAMES[number % len(NAMES)]}{number}"
    learner = Learner.register(
        id=uuid4(),
        username=name,
        email=f"m{number}@example.com",
        full_name=f"{NAMES[number % len(NAMES)]} Doe",
        roles=[Role.MANAGER, Role.EMPLOYEE] if number % 3 == 0 else [Role.EMPLOYEE],
        department=None if number % 2 else "Jane's",
        job_role=None if number % 3 else "x",
        manager_id=manager,
        language=("en", "de")[number % 2],
        at=TIMES[number % 3],
    )
    entry: DirectoryEntry = learner.directory_entry
    learner.provision(
        DirectoryEntry(
            **{
                **{field: getattr(entry, field) for field in entry.__struct_fields__},
                "external_id": None if number % 4 == 0 else f"X{number}",
                "given_name": None if number % 5 == 0 else NAMES[number % len(NAMES)],
            }
        ),
        department_id=None,
        at=TIMES[number % 3],
    )
    if number % 4 == 1:
        learner.deactivate(reason=None, at=TIMES[2])
    return learner


@pytest.fixture(scope="module")
def people(shared_database: Database) -> Iterator[tuple[psycopg.Connection[Any], People]]:
    """Some people in the read model, and the same as resources of the library."""
    learners: list[Learner] = []
    for number in range(12):
        learners.append(_person(number, learners[0].id if number % 3 == 1 else None))
    group = Group.create(id=uuid4(), display_name="Jane's", external_id=None, at=TIMES[0])
    group.add_members(members=[each.id for each in learners[:4]], at=TIMES[0])
    facts = {each.id: (each.created_on, each.modified_on) for each in learners}
    with Log(shared_database.write_url, MASTER_KEY) as log:
        log.append([*learners, group], metadata=b"{}")
    with open_source(shared_database.project_url, MASTER_KEY) as source:
        for name in ("scim_user", "scim_group"):
            open_live(named(name), source).close()
    resources = [(each.id, _resource(each, group, facts[each.id])) for each in learners]
    with psycopg.connect(shared_database.read_url, row_factory=tuple_row) as connection:
        yield connection, resources


def _resource(learner: Learner, group: Group, times: tuple[datetime, datetime]) -> Any:
    record = UserRecord(
        id=learner.id,
        roles=learner.roles,
        active=learner.active,
        created_at=times[0],
        updated_at=times[1],
        groups=[{"id": str(group.id), "display_name": group.display_name}]
        if learner.id in group.members
        else [],
        **{name: getattr(learner, name) for name in DirectoryEntry.__struct_fields__},
    )
    json = user_json(record, SERVICE.base_url)
    return MODEL.model_validate(json, scim_ctx=Context.RESOURCE_QUERY_RESPONSE)


texts = st.sampled_from([*WORDS, "employee", "work", "Jane's", "X1", "x1", "de"])
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
textual = st.sampled_from(
    [
        "userName",
        "USERNAME",
        "name.formatted",
        "name.givenName",
        "displayName",
        "title",
        "externalId",
        "preferredLanguage",
        "emails",
        "emails.type",
        "emails.value",
        "groups.display",
        "roles",
        "roles.value",
        f"{ENTERPRISE}:department",
        "urn:ietf:params:scim:schemas:core:2.0:User:userName",
    ]
)
quote = ScimFilter.quote
operators = st.sampled_from(["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "EQ"])
compared = st.builds("{} {} {}".format, textual, operators, texts.map(quote))
absent = st.builds("{} {} null".format, textual, st.sampled_from(["eq", "ne"]))
switched = st.builds(
    "active {} {}".format, st.sampled_from(["eq", "ne"]), st.sampled_from(["true", "false"])
)
dated = st.builds(
    "meta.{} {} {}".format,
    st.sampled_from(["created", "lastModified"]),
    st.sampled_from(["eq", "ne", "gt", "ge", "lt", "le"]),
    st.sampled_from(TIMES).map(quote),
)
present = textual.map("{} pr".format)
inside = st.builds(
    "{0}[{1} {2} {3}{4}]".format,
    st.sampled_from(["emails", "groups", "roles"]),
    st.just("value"),
    operators,
    texts.map(quote),
    st.sampled_from(["", " and value pr", ' or not (value eq "employee")', " or value ne null"]),
)
leaves = st.one_of(compared, absent, switched, dated, present, inside)
filters = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("not ({})".format, inner),
    ),
    max_leaves=6,
)
CALM: Final = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow)


@settings(max_examples=400, deadline=None, suppress_health_check=CALM)
@given(text=filters)
def test_sql_picks_whom_the_library_picks(
    people: tuple[psycopg.Connection[Any], People], text: str
) -> None:
    connection, resources = people
    ids = [id for id, _ in resources]
    with SERVICE.provider:
        scim_filter = ScimFilter[MODEL](text)
        expected = {id for id, resource in resources if scim_filter.match(resource)}
        condition = condition_of(scim_filter, USERS)
    rows = connection.execute(
        f"SELECT id FROM {USERS.table} AS item WHERE id = ANY(%s) AND {condition.sql}",
        (ids, *condition.params),
    ).fetchall()
    assert {id for (id,) in rows} == expected


@settings(max_examples=300, deadline=None, suppress_health_check=CALM)
@given(text=st.one_of(st.text(max_size=60), filters.map(lambda text: text[:-1])))
def test_garbage_is_a_refusal_or_a_filter(
    people: tuple[psycopg.Connection[Any], People], text: str
) -> None:
    connection, _ = people
    with SERVICE.provider:
        try:
            condition = condition_of(ScimFilter[MODEL](text), USERS)
        except InvalidFilterException:
            return
    connection.execute(
        f"SELECT id FROM {USERS.table} AS item WHERE {condition.sql}", condition.params
    ).fetchall()
