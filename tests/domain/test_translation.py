"""Texts in other languages: of parts that there are, without touching what counts."""

from collections.abc import Sequence
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from domain.assessment import Assessment
from domain.course import Course, CourseIsArchived, Lesson, LessonKind
from domain.errors import Invalid
from domain.survey import Survey, SurveyChoice, SurveyClosed, SurveyQuestion, SurveyQuestionKind
from domain.translation import (
    MAX_LANGUAGES,
    GivenTexts,
    LanguageOfTheOriginal,
    Limits,
    TooManyLanguages,
    TranslatedText,
    TranslationNotFound,
    Translations,
    new_texts,
    put,
)
from tests.domain.grammar import NOW, STREAM, a_uuid, fact, given
from tests.domain.test_assessment import FIRST, RIGHT, WRONG, drafted, published, question_added

MODULE, TEXT, LINK, NOWHERE = a_uuid(21), a_uuid(22), a_uuid(23), a_uuid(24)
created = fact(
    Course.Created,
    title="Rust",
    description="",
    code=None,
    topic=None,
    department=None,
    difficulty=None,
    language="en-GB",
    duration_minutes=None,
    instructors=[],
    created_by=None,
    department_id=None,
)
module_added = fact(Course.ModuleAdded, module_id=MODULE, title="Ownership")
lessons_added = [
    fact(
        Course.LessonAdded,
        module_id=MODULE,
        lesson=Lesson(id=id, title="Read", kind=kind, content="x", duration_minutes=5),
    )
    for id, kind in ((TEXT, LessonKind.TEXT), (LINK, LessonKind.LINK))
]
course_published = fact(Course.Published, course_version=1, lessons=[TEXT, LINK], assessments=[])
archived = fact(Course.Archived, reason=None)
COURSE = (created, module_added, *lessons_added)


def translated(*texts: tuple[Any, str, str | None], language: str = "de") -> Any:
    said = [TranslatedText(*each) for each in texts]
    return fact(Course.Translated, language=language, texts=said)


def whole(**texts: str | None) -> GivenTexts:
    return GivenTexts("course", STREAM, "", texts)


def part(kind: str, id: Any, **texts: str | None) -> GivenTexts:
    return GivenTexts((kind, id), id, f"{kind}[0]", texts)


def say(*texts: GivenTexts, language: str = "de") -> Any:
    return lambda course: course.translate(language=language, given=texts, at=NOW)


def take_back(language: str = "de") -> Any:
    return lambda course: course.remove_translation(language=language, at=NOW)


def test_a_translation_names_what_it_says_and_no_more() -> None:
    texts = (
        whole(title=" Rust lernen ", description=None),
        part("modules", MODULE, title="Besitz"),
        part("lessons", TEXT, title="Lesen", content="Lies."),
    )
    course = (
        given(Course, *COURSE)
        .when(say(*texts, language="DE-at"))
        .then(
            translated(
                (STREAM, "title", "Rust lernen"),
                (MODULE, "title", "Besitz"),
                (TEXT, "title", "Lesen"),
                (TEXT, "content", "Lies."),
                language="de-AT",
            )
        )
    )
    assert course.translations["de-AT"][TEXT] == {"title": "Lesen", "content": "Lies."}


def test_what_is_said_already_says_nothing_new() -> None:
    scenario = given(Course, *COURSE, translated((STREAM, "title", "Rust lernen")))
    scenario.when(say(whole(title="Rust lernen"))).nothing()
    scenario.when(say(whole(title="Rust", description="Alles"))).then(
        translated((STREAM, "title", "Rust"), (STREAM, "description", "Alles"))
    )


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_a_text_taken_back_leaves_the_original(nothing: str | None) -> None:
    scenario = given(Course, *COURSE, translated((STREAM, "title", "Rust lernen")))
    course = scenario.when(say(whole(title=nothing))).then(translated((STREAM, "title", None)))
    assert course.translations == {}


def test_a_translation_is_removed_as_a_whole() -> None:
    scenario = given(Course, *COURSE, translated((STREAM, "title", "Rust lernen")))
    scenario.when(take_back("fr")).refuses(TranslationNotFound)
    course = scenario.when(take_back()).then(fact(Course.TranslationRemoved, language="de"))
    assert course.translations == {}
    scenario.when(take_back()).refuses(TranslationNotFound)


@pytest.mark.parametrize(
    ("texts", "field"),
    [
        (part("modules", TEXT, title="A lesson"), "modules[0].id"),
        (part("lessons", MODULE, title="A module"), "lessons[0].id"),
        (part("lessons", NOWHERE, title="Nothing"), "lessons[0].id"),
        (part("lessons", LINK, content="https://example.com/de"), "lessons[0].content"),
        (whole(title="x" * 301), "title"),
        (whole(title="a\x00b"), "title"),
        (part("modules", MODULE, title="x" * 301), "modules[0].title"),
    ],
)
def test_only_texts_that_there_are_can_be_translated(texts: GivenTexts, field: str) -> None:
    given(Course, *COURSE).when(say(whole(description="Gut"), texts)).refuses(Invalid, field)


@pytest.mark.parametrize("language", ["", "german", "de_DE"])
def test_a_language_is_a_tag(language: str) -> None:
    given(Course, *COURSE).when(say(whole(title="X"), language=language)).refuses(
        Invalid, "language"
    )


def test_the_original_is_changed_not_translated() -> None:
    scenario = given(Course, *COURSE)
    scenario.when(say(whole(title="X"), language="en-gb")).refuses(LanguageOfTheOriginal)
    change = given(Course, *COURSE).when(
        lambda course: course.change_details(language="de-de", at=NOW)
    )
    change.then(fact(Course.DetailsChanged, **EMPTY | {"language": "de-DE"}))


def test_there_are_only_so_many_languages() -> None:
    tags = [f"{a}{b}{c}" for a in "abcde" for b in "abcde" for c in "abcd"][:MAX_LANGUAGES]
    history = [translated((STREAM, "title", "X"), language=tag) for tag in tags]
    scenario = given(Course, *COURSE, *history)
    scenario.when(say(whole(title="Y"), language="zzz")).refuses(TooManyLanguages)
    assert scenario.when(say(whole(title="Y"), language="aaa")).refusal is None


def test_a_course_is_translated_after_it_was_published_until_it_is_archived() -> None:
    scenario = given(Course, *COURSE, course_published)
    course = scenario.when(say(whole(title="Rust lernen"))).then(
        translated((STREAM, "title", "Rust lernen"))
    )
    assert (course.course_version, course.published_lessons) == (1, [TEXT, LINK])
    gone = given(Course, *COURSE, translated((STREAM, "title", "Rust lernen")), archived)
    gone.when(say(whole(title="X"))).refuses(CourseIsArchived)
    gone.when(take_back()).refuses(CourseIsArchived)


def ask(whose: str, *texts: GivenTexts, language: str = "de", original: str = "en") -> Any:
    own = GivenTexts(whose, STREAM, "", {"title": "Am Ende"})
    return lambda one: one.translate(
        language=language, original=original, given=[own, *texts], at=NOW
    )


def of_question(question: Any, choice: Any) -> Sequence[GivenTexts]:
    return (
        GivenTexts(("questions", question), question, "questions[0]", {"prompt": "Wie?"}),
        GivenTexts((question, choice), choice, "questions[0].choices[0]", {"text": "So"}),
    )


def said(question: Any, choice: Any) -> dict[str, Any]:
    texts = ((STREAM, "title", "Am Ende"), (question, "prompt", "Wie?"), (choice, "text", "So"))
    return {"language": "de", "texts": [TranslatedText(*each) for each in texts]}


@pytest.mark.parametrize(
    "history", [(drafted, question_added), (drafted, question_added, published)]
)
def test_the_questions_of_an_assessment_are_translated_not_changed(history: Any) -> None:
    scenario = given(Assessment, *history)
    before = list(scenario.aggregate.questions)
    assessment = scenario.when(ask("assessment", *of_question(FIRST, RIGHT.id))).then(
        fact(Assessment.Translated, **said(FIRST, RIGHT.id))
    )
    assert assessment.questions == before
    scenario.when(take_back()).then(fact(Assessment.TranslationRemoved, language="de"))


@pytest.mark.parametrize(
    ("question", "choice", "field"),
    [
        (NOWHERE, RIGHT.id, "questions[0].id"),
        (FIRST, NOWHERE, "questions[0].choices[0].id"),
        (FIRST, FIRST, "questions[0].choices[0].id"),
    ],
)
def test_a_translation_names_questions_and_their_own_choices(
    question: Any, choice: Any, field: str
) -> None:
    scenario = given(Assessment, drafted, question_added)
    scenario.when(ask("assessment", *of_question(question, choice))).refuses(Invalid, field)


def test_no_two_choices_read_the_same_in_any_language() -> None:
    def choice(id: Any, text: str | None) -> GivenTexts:
        return GivenTexts((FIRST, id), id, "questions[0].choices[0]", {"text": text})

    scenario = given(Assessment, drafted, question_added)
    same = (choice(RIGHT.id, "Müll"), choice(WRONG.id, "Müll"))
    scenario.when(ask("assessment", *same)).refuses(Invalid, "questions")
    like_the_original = choice(RIGHT.id, WRONG.text)
    scenario.when(ask("assessment", like_the_original)).refuses(Invalid, "questions")
    assert scenario.when(ask("assessment", choice(RIGHT.id, "Müll"))).refusal is None
    scenario.when(ask("assessment", choice(WRONG.id, "Müll"))).refuses(Invalid, "questions")
    swapped = (choice(RIGHT.id, WRONG.text), choice(WRONG.id, RIGHT.text))
    assert scenario.when(ask("assessment", *swapped)).refusal is None


TEXTS = st.dictionaries(
    st.tuples(st.sampled_from([MODULE, TEXT]), st.just("title")),
    st.none() | st.sampled_from(["Eins", "Zwei"]),
)


@hypothesis.given(st.lists(st.tuples(st.sampled_from(["de", "fr"]), TEXTS), max_size=6))
def test_what_was_said_last_is_what_is_said(history: list[tuple[str, Any]]) -> None:
    translations: Translations = {}
    limits: Limits = {id: {"title": 300} for id in (MODULE, TEXT)}
    expected: dict[Any, str | None] = {}
    for language, texts in history:
        parts = [GivenTexts(id, id, "", {field: said}) for (id, field), said in texts.items()]
        tag, changed = new_texts(translations, language, parts, limits, original="en")
        if changed:
            put(translations, tag, changed)
        expected |= {(language, id): said for (id, _), said in texts.items()}
        assert new_texts(translations, language, parts, limits, original="en") == (tag, [])
    said = {
        (language, id): fields["title"]
        for language, parts_said in translations.items()
        for id, fields in parts_said.items()
    }
    assert said == {key: text for key, text in expected.items() if text is not None}


def test_a_survey_is_translated_until_it_is_closed() -> None:
    choices = [SurveyChoice(a_uuid(31), "slow"), SurveyChoice(a_uuid(32), "fast")]
    question = SurveyQuestion(FIRST, SurveyQuestionKind.SINGLE, "Pace?", False, choices)
    history = (
        fact(Survey.Created, title="End", course_id=None, anonymous=True, created_by=None),
        fact(Survey.QuestionAdded, question=question),
        fact(Survey.Published),
    )
    scenario = given(Survey, *history)
    survey = scenario.when(ask("survey", *of_question(FIRST, a_uuid(31)))).then(
        fact(Survey.Translated, **said(FIRST, a_uuid(31)))
    )
    assert survey.questions == [question]
    scenario.when(ask("survey", original="de")).refuses(LanguageOfTheOriginal)
    survey.close(at=NOW)
    scenario.when(ask("survey", language="fr")).refuses(SurveyClosed)
    scenario.when(take_back()).refuses(SurveyClosed)


EMPTY: dict[str, Any] = {
    "title": None,
    "description": None,
    "topic": None,
    "department": None,
    "difficulty": None,
    "language": None,
    "duration_minutes": None,
    "instructors": None,
    "department_id": None,
    "cleared": [],
}
