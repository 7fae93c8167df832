"""Everybody reads what is there in the language that suits them best."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from commands.attempt import SubmitAttempt
from commands.learner import UpdateLearner
from commands.translation import (
    ChoiceText,
    LessonTexts,
    ModuleTexts,
    QuestionTexts,
    RemoveCourseTranslation,
    TranslateAssessment,
    TranslateCourse,
    TranslateSurvey,
)
from domain.assessment import Assessment
from domain.course import Course
from domain.survey import Survey
from read_api.language import accepted
from tests.commands.system import ADMIN, Given, Person, System, answers
from tests.read_api.reading import Reading

Headers = dict[str, str]


def say(system: System, course: Course, language: str, title: str, **texts: Any) -> None:
    command = TranslateCourse(course_id=course.id, language=language, title=title, **texts)
    system.dispatch(command)


@pytest.fixture
def a_german_course(system: System, a_published_course: Course) -> Course:
    """Translated into German in part, and into Austrian and French by its title."""
    (module,) = a_published_course.modules
    first, _ = a_published_course.lessons
    say(
        system,
        a_published_course,
        "de",
        "Rust lernen",
        description="Alles über Besitz.",
        modules=[ModuleTexts(id=module, title="Besitz")],
        lessons=[LessonTexts(id=first, title="Lektion 0", content="Lies das.")],
    )
    say(system, a_published_course, "de-AT", "Rust lernen, bitte")
    say(system, a_published_course, "fr", "Apprendre Rust")
    return a_published_course


def test_a_course_is_told_in_the_language_asked_for_text_by_text(
    reading: Reading, a_german_course: Course, a_stranger: Person
) -> None:
    path = f"/courses/{a_german_course.id}"
    seen = reading.ok(path, a_stranger, params={"language": "de-at"})
    (module,) = seen["modules"]
    assert (seen["title"], seen["description"]) == ("Rust lernen, bitte", "Alles über Besitz.")
    assert [module["title"], *(lesson["title"] for lesson in module["lessons"])] == [
        "Besitz",
        "Lektion 0",
        "Lesson 1",
    ]
    assert module["lessons"][0]["content"] == "Lies das."
    assert (seen["language"], seen["shown_in"]) == ("en", "de-AT")
    assert seen["languages"] == ["en", "de", "de-AT", "fr"]


@pytest.mark.parametrize(
    ("asked", "header", "profile", "title"),
    [
        (None, None, "en", "Rust Programming 101"),
        (None, None, "fr-CA", "Apprendre Rust"),
        (None, None, "ja", "Rust Programming 101"),
        (None, "de-CH, fr;q=0.9", "fr", "Rust lernen"),
        (None, "ja;q=1, fr;q=0.2, de;q=0.5", "en", "Rust lernen"),
        (None, "*", "fr", "Apprendre Rust"),
        (None, "ja, ;;;, x", "fr", "Apprendre Rust"),
        (None, "en-US", "fr", "Rust Programming 101"),
        ("fr", "de", "en", "Apprendre Rust"),
        ("EN", "de", "fr", "Rust Programming 101"),
        ("ja", "de", "fr", "Rust lernen"),
    ],
)
def test_what_is_asked_for_comes_before_what_the_program_says_and_that_before_the_profile(
    reading: Reading,
    given: Given,
    system: System,
    a_german_course: Course,
    asked: str | None,
    header: str | None,
    profile: str,
    title: str,
) -> None:
    reader = given.a_person()
    system.dispatch(UpdateLearner(learner_id=reader.id, language=profile))
    seen = reading.ok(
        f"/courses/{a_german_course.id}",
        reader,
        params={"language": asked} if asked else {},
        headers={"Accept-Language": header} if header else {},
    )
    assert seen["title"] == title


def test_each_language_is_a_representation_with_a_tag_of_its_own(
    reading: Reading, system: System, a_german_course: Course, a_stranger: Person
) -> None:
    path = f"/courses/{a_german_course.id}"

    def get(language: str, tag: str = "") -> Any:
        headers: Headers = {"Accept-Language": language, "If-None-Match": tag}
        return reading.get(path, a_stranger, headers=headers)

    german, english = get("de"), get("en")
    version = english.json()["version"]
    assert english.headers["ETag"] == f'"{version}"'
    assert german.headers["ETag"] == f'"{version}-de"'
    assert [each.headers["Content-Language"] for each in (german, english)] == ["de", "en"]
    assert [each.headers["Vary"] for each in (german, english)] == ["Accept-Language"] * 2
    assert get("de", german.headers["ETag"]).status_code == 304
    assert get("de", german.headers["ETag"]).headers["Content-Language"] == "de"
    assert get("fr", german.headers["ETag"]).status_code == 200
    say(system, a_german_course, "de", "Rust für alle")
    assert get("de", german.headers["ETag"]).json()["title"] == "Rust für alle"


def test_the_catalogue_is_told_likewise_and_found_by_translated_titles(
    reading: Reading, system: System, a_german_course: Course, a_stranger: Person
) -> None:
    word = f"x{uuid4().hex}"
    say(system, a_german_course, "de", f"Lernen mit {word}")
    found = reading.get(
        "/courses", a_stranger, params={"q": word}, headers={"Accept-Language": "de"}
    )
    (course,) = found.json()["items"]
    assert (course["title"], course["shown_in"]) == (f"Lernen mit {word}", "de")
    assert (found.headers["Content-Language"], found.headers["Vary"]) == ("de", "Accept-Language")
    (course,) = reading.ok("/courses", a_stranger, params={"q": word})["items"]
    assert course["title"] == "Rust Programming 101"
    system.dispatch(RemoveCourseTranslation(course_id=a_german_course.id, language="de"))
    assert reading.ok("/courses", a_stranger, params={"q": word})["items"] == []


def test_courses_can_be_chosen_by_a_language_that_they_were_translated_into(
    reading: Reading, system: System, a_german_course: Course, a_stranger: Person
) -> None:
    say(system, a_german_course, "gsw", "Rust lehre")
    (course,) = reading.ok("/courses", a_stranger, params={"language": "GSW"})["items"]
    assert (UUID(course["id"]), course["title"]) == (a_german_course.id, "Rust lehre")
    assert reading.ok("/courses", a_stranger, params={"language": "tlh"})["items"] == []


def test_what_is_no_language_is_said_to_be_none(
    reading: Reading, a_german_course: Course, a_stranger: Person
) -> None:
    for path in ("/courses", f"/courses/{a_german_course.id}"):
        response = reading.get(path, a_stranger, params={"language": "de_DE"})
        assert response.status_code == 422
        assert response.json()["errors"][0]["field"] == "language"


def test_an_assessment_is_taken_in_one_language_and_graded_as_in_any_other(
    reading: Reading,
    given: Given,
    system: System,
    an_instructor: Person,
    a_published_course: Course,
) -> None:
    assessment = given.a_published_assessment(an_instructor, a_published_course)
    (question,) = assessment.questions
    right = next(choice for choice in question.choices if choice.correct)
    learner = given.a_person()
    given.an_enrollment(learner, a_published_course)
    attempt = given.an_attempt(learner, assessment)
    translate(system, assessment)

    german: Headers = {"Accept-Language": "de"}
    seen = reading.ok(f"/assessments/{assessment.id}", learner, headers=german)
    assert (seen["title"], seen["questions"][0]["prompt"]) == ("Leihen", "Zieht es um?")
    texts = {UUID(each["id"]): each["text"] for each in seen["questions"][0]["choices"]}
    assert texts[right.id] == "ja"
    assert set(texts.values()) == {"ja", "no"}
    assert reading.ok(f"/assessments/{assessment.id}", learner)["title"] == "Borrowing"
    listed = reading.ok(
        "/assessments", learner, params={"course_id": a_published_course.id}, headers=german
    )
    assert [item["title"] for item in listed["items"]] == ["Leihen"]

    system.dispatch(
        SubmitAttempt(attempt_id=attempt, answers=answers(assessment, right=True)), learner.actor
    )
    told = reading.get(f"/attempts/{attempt}", learner, headers=german)
    assert told.json()["score"] == 100
    assert told.json()["feedback"][0]["prompt"] == "Zieht es um?"
    translate(system, assessment, prompt="Wird es bewegt?")
    again = reading.get(
        f"/attempts/{attempt}", learner, headers=german | {"If-None-Match": told.headers["ETag"]}
    )
    assert again.json()["feedback"][0]["prompt"] == "Wird es bewegt?"


def test_learners_see_what_they_are_enrolled_in_by_its_translated_titles(
    reading: Reading,
    given: Given,
    system: System,
    an_instructor: Person,
    a_german_course: Course,
) -> None:
    assessment = given.a_published_assessment(an_instructor, a_german_course)
    translate(system, assessment)
    learner = given.a_person()
    enrollment = given.an_enrollment(learner, a_german_course)
    german: Headers = {"Accept-Language": "de"}
    listed = reading.get("/enrollments", learner, headers=german)
    assert [item["course_title"] for item in listed.json()["items"]] == ["Rust lernen"]
    assert listed.headers["Content-Language"] == "de"
    path = f"/enrollments/{enrollment.id}"
    told = reading.get(path, learner, headers=german)
    assert [each["title"] for each in told.json()["lessons"]] == ["Lektion 0", "Lesson 1"]
    assert [each["title"] for each in told.json()["assessments"]] == ["Leihen"]
    kept = german | {"If-None-Match": told.headers["ETag"]}
    assert reading.status(path, learner, headers=kept) == 304
    assert reading.status(path, learner, headers=kept | {"Accept-Language": "en"}) == 200
    say(system, a_german_course, "de", "Rust können")
    assert reading.ok(path, learner, headers=kept)["course_title"] == "Rust können"
    assert reading.ok(path, learner)["course_title"] == "Rust Programming 101"


def translate(system: System, assessment: Assessment, prompt: str = "Zieht es um?") -> None:
    (question,) = assessment.questions
    right = next(choice for choice in question.choices if choice.correct)
    texts = QuestionTexts(
        id=question.id, prompt=prompt, choices=[ChoiceText(id=right.id, text="ja")]
    )
    system.dispatch(
        TranslateAssessment(
            assessment_id=assessment.id, language="de", title="Leihen", questions=[texts]
        )
    )


def test_a_survey_is_asked_in_the_language_of_who_answers(
    reading: Reading, given: Given, system: System, a_stranger: Person
) -> None:
    id = given.an_open_survey(ADMIN)
    survey = system.log.find_latest(Survey, id)
    assert survey is not None
    texts = QuestionTexts(id=survey.questions[0].id, prompt="Was war gut?")
    system.dispatch(
        TranslateSurvey(survey_id=id, language="de", title="Wie war es?", questions=[texts])
    )
    seen = reading.get(f"/surveys/{id}", a_stranger, headers={"Accept-Language": "de"})
    assert seen.json()["title"] == "Wie war es?"
    assert seen.json()["questions"][0]["prompt"] == "Was war gut?"
    assert seen.json()["languages"] == ["en", "de"]
    assert seen.headers["Content-Language"] == "de"
    results = reading.ok(f"/surveys/{id}/results", ADMIN, headers={"Accept-Language": "de"})
    assert (results["title"], results["questions"][0]["prompt"]) == ("Wie war es?", "Was war gut?")
    listed = reading.ok("/surveys", a_stranger, headers={"Accept-Language": "de"})
    assert "Wie war es?" in [item["title"] for item in listed["items"]]


def test_translators_see_what_is_said_and_what_is_missing(
    reading: Reading,
    a_german_course: Course,
    an_instructor: Person,
    another_instructor: Person,
    a_stranger: Person,
) -> None:
    path = f"/courses/{a_german_course.id}/translations"
    sheet = reading.ok(f"{path}/DE", an_instructor)
    assert (sheet["language"], sheet["missing"]) == ("de", 1)
    assert [(each["kind"], each["field"], each["text"]) for each in sheet["texts"]] == [
        ("course", "title", "Rust lernen"),
        ("course", "description", "Alles über Besitz."),
        ("module", "title", "Besitz"),
        ("lesson", "title", "Lektion 0"),
        ("lesson", "content", "Lies das."),
        ("lesson", "title", None),
        ("lesson", "content", None),
    ]
    assert reading.ok(f"{path}/ja", an_instructor)["missing"] == 4
    assert reading.status(f"{path}/de", another_instructor) == 404
    assert reading.status(f"{path}/de", a_stranger) == 403
    assert reading.status(f"{path}/de_DE", an_instructor) == 422


def test_the_sheet_of_questions_has_their_choices_behind_them(
    reading: Reading,
    given: Given,
    system: System,
    an_instructor: Person,
    a_published_course: Course,
) -> None:
    assessment = given.a_published_assessment(an_instructor, a_published_course)
    translate(system, assessment)
    sheet = reading.ok(f"/assessments/{assessment.id}/translations/de", an_instructor)
    assert [(each["kind"], each["original"], each["text"]) for each in sheet["texts"]] == [
        ("assessment", "Borrowing", "Leihen"),
        ("question", "Does it move?", "Zieht es um?"),
        ("choice", "yes", "ja"),
        ("choice", "no", None),
    ]
    assert "correct" not in str(sheet)
    survey = given.a_survey(an_instructor.actor, a_published_course)
    assert reading.ok(f"/surveys/{survey}/translations/de", an_instructor)["missing"] == 2


@pytest.mark.parametrize(
    ("header", "languages"),
    [
        (None, []),
        ("", []),
        ("*", []),
        ("de", ["de"]),
        ("de-at , EN;q=0.8,fr ; q=0.9", ["de-AT", "fr", "en"]),
        ("de;q=0, fr;q=2, en;q=0.1234, it;q=0.001", ["it"]),
        ("de,fr;q=1.000,en", ["de", "fr", "en"]),
    ],
)
def test_a_header_names_languages_by_how_much_they_are_wanted(
    header: str | None, languages: list[str]
) -> None:
    assert accepted(header) == languages
