-- The events to load, typed, in one pass over their JSON. A value that is missing or of another
-- type reads as NULL; where the star needs it, `fault` says so and the event is parked.
CREATE OR REPLACE TEMP TABLE staged AS
WITH readable AS MATERIALIZED (
    SELECT
        position, stream_id, stream_type, version, recorded_at,
        split_part(type, '.v', 1) AS event_topic, split_part(type, '.v', 2) AS event_version,
        json_transform(data, '{
            "timestamp": "TIMESTAMP WITH TIME ZONE",
            "learner_id": "UUID", "course_id": "UUID", "assessment_id": "UUID",
            "enrollment_id": "UUID", "lesson_id": "UUID", "survey_id": "UUID", "manager_id": "UUID",
            "department_id": "UUID", "name": "VARCHAR",
            "roles": ["VARCHAR"], "department": "VARCHAR", "job_role": "VARCHAR",
            "language": "VARCHAR", "title": "VARCHAR", "code": "VARCHAR", "topic": "VARCHAR",
            "difficulty": "VARCHAR", "duration_minutes": "INTEGER", "instructors": ["UUID"],
            "course_version": "INTEGER", "lessons": ["UUID"], "assessments": ["UUID"],
            "source": "VARCHAR", "due_at": "TIMESTAMP WITH TIME ZONE",
            "percent": "INTEGER", "seconds": "INTEGER", "score": "DOUBLE",
            "pass_mark": "INTEGER", "attempts_allowed": "INTEGER", "assessment_version": "INTEGER",
            "question": {"points": "INTEGER"}, "number": "INTEGER",
            "answers": [{"question_id": "UUID", "choices": ["UUID"], "rating": "INTEGER"}],
            "results": [{"question_id": "UUID", "correct": "BOOLEAN", "points": "INTEGER"}],
            "points": "INTEGER", "max_points": "INTEGER", "passed": "BOOLEAN",
            "cleared": ["VARCHAR"], "removed": ["VARCHAR"],
            "rating": "INTEGER", "anonymous": "BOOLEAN", "kind": "VARCHAR", "method": "VARCHAR"
        }') AS field
    FROM raw.events
    WHERE
        position > $after AND position <= $upto
)
SELECT
    position, stream_id, stream_type, version, event_topic,
    coalesce(field.timestamp AT TIME ZONE 'UTC', recorded_at) AS occurred_at,
    field.* EXCLUDE (timestamp, due_at),
    field.due_at AT TIME ZONE 'UTC' AS due_at,
    CASE
        WHEN event_version <> '1'
            AND event_topic || '.v' || event_version
                NOT IN ('learner.updated.v2', 'course.details_changed.v2')
            THEN 'this version of the event has no reading'
        WHEN needs_learner AND field.learner_id IS NULL THEN 'learner_id is not an id'
        WHEN needs_course AND field.course_id IS NULL THEN 'course_id is not an id'
        WHEN needs_assessment AND field.assessment_id IS NULL
            THEN 'assessment_id is not an id'
        WHEN needs_lesson AND field.lesson_id IS NULL THEN 'lesson_id is not an id'
        WHEN needs_survey AND field.survey_id IS NULL THEN 'survey_id is not an id'
        WHEN needs_percent AND field.percent IS NULL THEN 'percent is not a number'
        WHEN needs_seconds AND field.seconds IS NULL THEN 'seconds is not a number'
        WHEN needs_rating AND field.rating IS NULL THEN 'rating is not a number'
        WHEN needs_score AND field.score IS NULL THEN 'score is not a number'
    END AS fault
FROM readable
JOIN raw.topic AS known ON known.topic = readable.event_topic;
