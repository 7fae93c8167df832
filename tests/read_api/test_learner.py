from uuid import uuid4

from commands.learner import DeactivateLearner, RegisterLearner
from domain.enrollment import Enrollment
from domain.roles import Role
from tests.commands.system import ADMIN, Person, System
from tests.read_api.reading import Reading

LIST = "/users"


def test_everyone_finds_themselves(reading: Reading, a_learner: Person, a_manager: Person) -> None:
    me = reading.ok("/me", a_learner)
    assert me["id"] == str(a_learner.id)
    assert me["manager_id"] == str(a_manager.id)
    assert reading.ok(f"{LIST}/{a_learner.id}", a_learner) == me
    assert reading.status(f"{LIST}/{a_manager.id}", a_learner) == 404
    assert reading.status(LIST, a_learner) == 403


def test_managers_see_their_reports_direct_and_indirect(
    reading: Reading,
    a_learner: Person,
    a_manager: Person,
    a_director: Person,
    another_manager: Person,
) -> None:
    assert reading.ids(LIST, a_manager) == [a_learner.id]
    assert set(reading.ids(LIST, a_director)) == {a_learner.id, a_manager.id}
    assert reading.ids(LIST, a_director, manager_id=a_director.id) == [a_manager.id]
    assert reading.ids(LIST, another_manager) == []
    assert reading.status(f"{LIST}/{a_learner.id}", a_director) == 200
    assert reading.status(f"{LIST}/{a_learner.id}", another_manager) == 404


def test_instructors_see_who_is_in_their_courses(
    reading: Reading,
    an_open_enrollment: Enrollment,
    a_learner: Person,
    an_instructor: Person,
    another_instructor: Person,
) -> None:
    assert reading.ids(LIST, an_instructor) == [an_open_enrollment.learner_id]
    assert reading.status(f"{LIST}/{a_learner.id}", an_instructor) == 200
    assert reading.ids(LIST, another_instructor) == []
    assert reading.status(f"{LIST}/{a_learner.id}", another_instructor) == 404


def test_people_are_found_by_the_beginnings_of_their_names(
    reading: Reading, system: System
) -> None:
    tag = uuid4().hex[:12]
    command = RegisterLearner(
        username=f"jose.{tag}",
        email=f"jose.{tag}@example.com",
        full_name=f"José O'Neill{tag} García",
        roles=[Role.INSTRUCTOR],
        department="Sales",
    )
    id = system.dispatch(command).id
    for words in (
        f"o'neill{tag} garc",
        f"jos neill{tag}",
        f"jose.{tag}",
        f"jose.{tag}@example.com",
    ):
        assert reading.ids(LIST, ADMIN, q=words) == [id], words
    assert reading.ids(LIST, ADMIN, q=f"neill{tag}", role="instructor", department="Sales") == [id]
    assert reading.ids(LIST, ADMIN, q=f"neill{tag}", role="manager") == []
    assert reading.ids(LIST, ADMIN, q="\\ ' :* & |") == []


def test_a_closed_account_is_told_as_such(
    reading: Reading, system: System, a_stranger: Person
) -> None:
    system.dispatch(DeactivateLearner(learner_id=a_stranger.id))
    assert reading.ok(f"{LIST}/{a_stranger.id}", ADMIN)["active"] is False


def test_roles_are_told_with_what_they_may_do(reading: Reading, a_learner: Person) -> None:
    roles = {role["role"]: role for role in reading.ok("/roles", a_learner)["items"]}
    assert "system" not in roles
    assert roles["instructor"]["commands"]["PublishCourse"] == ["own courses"]
    assert "PublishCourse" not in roles["employee"]["commands"]
    assert roles["manager"]["queries"]["ListUsers"] == ["reports"]
