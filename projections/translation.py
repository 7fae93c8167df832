"""What translations do to the read model of a course, an assessment or a survey, alike in all.

Each has a table `<owner>_translation`, a row for each text, and a column `languages` with those
that there is any text in.
"""

from collections.abc import Iterable
from typing import Literal

from domain.assessment import Assessment
from domain.course import Course
from domain.survey import Survey
from event_store.record import Record
from projections.projection import Statement

Owner = Literal["course", "assessment", "survey"]
Translated = Course.Translated | Assessment.Translated | Survey.Translated
Removed = Course.TranslationRemoved | Assessment.TranslationRemoved | Survey.TranslationRemoved


def translated(owner: Owner, event: Translated, record: Record) -> Iterable[Statement]:
    """Puts the texts into their places, and takes away those that aren't said any more."""
    said = [each for each in event.texts if each.text is not None]
    unsaid = [each for each in event.texts if each.text is None]
    if said:
        yield Statement(
            f"INSERT INTO {owner}_translation ({owner}_id, language, part_id, field, text)"
            " SELECT %s, %s, * FROM unnest(%s::uuid[], %s::text[], %s::text[])"
            f" ON CONFLICT ({owner}_id, language, part_id, field) DO UPDATE"
            " SET text = excluded.text",
            (
                record.stream_id,
                event.language,
                [each.part_id for each in said],
                [each.field for each in said],
                [each.text for each in said],
            ),
        )
    if unsaid:
        yield Statement(
            f"DELETE FROM {owner}_translation WHERE {owner}_id = %s AND language = %s"
            " AND (part_id, field) IN (SELECT * FROM unnest(%s::uuid[], %s::text[]))",
            (
                record.stream_id,
                event.language,
                [each.part_id for each in unsaid],
                [each.field for each in unsaid],
            ),
        )
    yield _languages(owner, event, record)


def translation_removed(owner: Owner, event: Removed, record: Record) -> Iterable[Statement]:
    """Takes all texts in the language away."""
    yield Statement(
        f"DELETE FROM {owner}_translation WHERE {owner}_id = %s AND language = %s",
        (record.stream_id, event.language),
    )
    yield _languages(owner, event, record)


def _languages(owner: Owner, event: Translated | Removed, record: Record) -> Statement:
    return Statement(
        f"UPDATE {owner} SET languages = ARRAY(SELECT DISTINCT language FROM {owner}_translation"
        f" WHERE {owner}_id = %s ORDER BY language), updated_at = %s, version = %s WHERE id = %s",
        (record.stream_id, event.timestamp, record.version, record.stream_id),
    )
