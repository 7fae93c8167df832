"""The sheet of a translator: every text of something, what it says in a language, what is missing.

Readers get the translations by themselves, with what they read: see `language.py`.
"""

from collections.abc import Sequence
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, PathParameter

from domain.course import ADDRESSED
from edge.etag import IfNoneMatch, conditional
from read_api.asking import READS, Asking, found
from read_api.condition import Where
from read_api.language import Owner, asked_for

# In the order of what is read: the whole, then its parts, each with its fields.
_OF_COURSE: Final = """
SELECT id AS part_id, 'course' AS kind, 'title' AS field, title AS original, 0 AS a, 0 AS b, 0 AS c
    FROM read_models.course WHERE id = %(id)s
UNION ALL SELECT id, 'course', 'description', description, 0, 0, 1
    FROM read_models.course WHERE id = %(id)s
UNION ALL SELECT id, 'module', 'title', title, ordinal, 0, 0
    FROM read_models.course_module WHERE course_id = %(id)s
UNION ALL SELECT lesson.id, 'lesson', 'title', lesson.title, module.ordinal, lesson.ordinal, 0
    FROM read_models.course_lesson AS lesson
    JOIN read_models.course_module AS module ON module.id = module_id
    WHERE lesson.course_id = %(id)s
UNION ALL SELECT lesson.id, 'lesson', 'content', content, module.ordinal, lesson.ordinal, 1
    FROM read_models.course_lesson AS lesson
    JOIN read_models.course_module AS module ON module.id = module_id
    WHERE lesson.course_id = %(id)s AND kind <> ALL(%(addressed)s)"""
_OF_QUESTIONS: Final = """
SELECT id AS part_id, '{owner}' AS kind, 'title' AS field, title AS original, 0 AS a, 0 AS b, 0 AS c
    FROM read_models.{owner} WHERE id = %(id)s
UNION ALL SELECT id, 'question', 'prompt', prompt, ordinal, 0, 0
    FROM read_models.{owner}_question WHERE {owner}_id = %(id)s
UNION ALL SELECT choice.id, 'choice', 'text', text, question.ordinal, choice.ordinal, 0
    FROM read_models.{owner}_choice AS choice
    JOIN read_models.{owner}_question AS question ON question.id = question_id
    WHERE choice.{owner}_id = %(id)s"""
_ORIGINALS: Final[dict[Owner, str]] = {
    "course": _OF_COURSE,
    "assessment": _OF_QUESTIONS.format(owner="assessment"),
    "survey": _OF_QUESTIONS.format(owner="survey"),
}

Language = Annotated[str, PathParameter(description="A language tag (BCP 47): de, pt-BR.")]


class SheetText(msgspec.Struct, frozen=True):
    """One text: `kind` says what the part is, `field` which text of it. Without `text` it isn't
    translated, and readers see the original."""

    part_id: UUID
    kind: str
    field: str
    original: str
    text: str | None


class TranslationSheet(msgspec.Struct, frozen=True, kw_only=True):
    """Every text of one course, assessment or survey, whose `id` it is; `missing` counts those
    that have words in the original and none in this language."""

    id: UUID
    language: str
    missing: int
    texts: Sequence[SheetText]
    version: int


class _Version(msgspec.Struct, frozen=True):
    version: int


class TranslationController(Controller):
    tags = ["Translations"]

    @get(
        "/courses/{course_id:uuid}/translations/{language:str}",
        operation_id="GetCourseTranslation",
        opt={READS: ("course",)},
    )
    async def of_course(
        self,
        course_id: FromPath[UUID],
        language: Language,
        asking: NamedDependency[Asking],
        if_none_match: IfNoneMatch = None,
    ) -> Response[TranslationSheet]:
        """Get every text of a course, drafts too, with what it says in a language."""
        where = asking.where(course="id").given("id = %s", course_id)
        return await _answer(asking, "course", where, course_id, language, if_none_match)

    @get(
        "/assessments/{assessment_id:uuid}/translations/{language:str}",
        operation_id="GetAssessmentTranslation",
        opt={READS: ("assessment", "course")},
    )
    async def of_assessment(
        self,
        assessment_id: FromPath[UUID],
        language: Language,
        asking: NamedDependency[Asking],
        if_none_match: IfNoneMatch = None,
    ) -> Response[TranslationSheet]:
        """Get every text of an assessment with what it says in a language; not the key."""
        where = asking.where(course="course_id").given("id = %s", assessment_id)
        return await _answer(asking, "assessment", where, assessment_id, language, if_none_match)

    @get(
        "/surveys/{survey_id:uuid}/translations/{language:str}",
        operation_id="GetSurveyTranslation",
        opt={READS: ("survey", "course")},
    )
    async def of_survey(
        self,
        survey_id: FromPath[UUID],
        language: Language,
        asking: NamedDependency[Asking],
        if_none_match: IfNoneMatch = None,
    ) -> Response[TranslationSheet]:
        """Get every text of a survey with what it says in a language."""
        where = asking.where(course="course_id").given("id = %s", survey_id)
        return await _answer(asking, "survey", where, survey_id, language, if_none_match)


async def _answer(
    asking: Asking, owner: Owner, where: Where, id: UUID, language: str, if_none_match: str | None
) -> Response[TranslationSheet]:
    tag = asked_for(language) or language
    head = f"SELECT version FROM read_models.{owner}{where}"
    version = found(await asking.database.first(_Version, head, where.params), owner).version
    texts = await asking.database.all(
        SheetText,
        "SELECT original.part_id, kind, original.field, original, translation.text"
        f" FROM ({_ORIGINALS[owner]}) AS original"
        f" LEFT JOIN read_models.{owner}_translation AS translation"
        f" ON translation.{owner}_id = %(id)s AND translation.language = %(language)s"
        " AND translation.part_id = original.part_id AND translation.field = original.field"
        " ORDER BY a, b, c",
        {"id": id, "language": tag, "addressed": [kind.value for kind in ADDRESSED]},
    )
    missing = sum(1 for each in texts if each.original and each.text is None)
    sheet = TranslationSheet(id=id, language=tag, missing=missing, texts=texts, version=version)
    return conditional(sheet, version, if_none_match, variant=tag)
