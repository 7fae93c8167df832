"""Read models of a large organisation, filled without events: for plans and times only."""

import psycopg

from projections.catalogue import PROJECTIONS

PEOPLE, COURSES, ENROLLMENTS, NOTIFICATIONS = 10_000, 200, 100_000, 100_000

FILL = f"""
INSERT INTO learner_v4.learner (id, username, email, full_name, roles, language, time_zone,
    department_id, manager_id, registered_at, updated_at, version)
SELECT person(n), 'user' || n, 'user' || n || '@example.com', 'Person Number ' || n,
    ARRAY['employee'], 'en', 'UTC', department(n % 20),
    CASE WHEN n > 1 THEN person(n / 10 + CASE WHEN n < 10 THEN 1 ELSE 0 END) END,
    now() - n * interval '1 minute', now(), 1
FROM generate_series(1, {PEOPLE}) AS n;

INSERT INTO organization_v1.department (id, name, path)
SELECT department(n), 'Department ' || n, ARRAY[department(n)] FROM generate_series(0, 19) AS n;

INSERT INTO course_v1.course (id, title, description, topic, difficulty, language, instructors,
    status, created_at, updated_at, version)
SELECT course(n), 'Course ' || n || ' on rust', 'About topic ' || n % 10, 'topic ' || n % 10,
    'beginner', 'en', ARRAY[person(n % 50 + 1)], 'published', now() - n * interval '1 day',
    now(), 1
FROM generate_series(1, {COURSES}) AS n;

UPDATE learner_v4.learner SET administers = ARRAY[department(3)] WHERE id = person(2);

INSERT INTO enrollment_v3.enrollment (id, learner_id, course_id, course_version, status, source,
    assessments, enrolled_at, lesson_count, updated_at, version)
SELECT gen_random_uuid(), person(n % {PEOPLE} + 1), course(n % {COURSES} + n / {PEOPLE} % 7 + 1),
    1, CASE WHEN n % 3 = 0 THEN 'completed' ELSE 'active' END, 'self', '{{}}',
    now() - n * interval '1 second', 5, now(), 1
FROM generate_series(1, {ENROLLMENTS}) AS n;

INSERT INTO notification_v1.notification (id, learner_id, kind, subject_id, text_key, params,
    created_at, read_at, updated_at, version)
SELECT gen_random_uuid(), person(n % {PEOPLE} + 1), 'enrollment', gen_random_uuid(),
    'enrollment.created', '{{"course_title": "Rust"}}', now() - n * interval '1 second',
    CASE WHEN n % 2 = 0 THEN now() END, now(), 1
FROM generate_series(1, {NOTIFICATIONS}) AS n;

INSERT INTO certificate_v2.certificate (id, number, learner_id, course_id, course_title,
    course_version, enrollment_id, holder_name, completed_at, issued_at, updated_at, version)
SELECT gen_random_uuid(), 'N-' || n, person(n % {PEOPLE} + 1), course(n % {COURSES} + 1),
    'Rust', 1, gen_random_uuid(), 'Person', now(), now() - n * interval '1 second', now(), 1
FROM generate_series(1, 30000) AS n;
"""
IDS = """
CREATE FUNCTION person(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
    RETURN md5('person' || n)::uuid;
CREATE FUNCTION department(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
    RETURN md5('department' || n)::uuid;
CREATE FUNCTION course(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
    RETURN md5('course' || n)::uuid;
"""


def fill(owner_url: str) -> None:
    """Fills the live tables, and gathers statistics."""
    filling = FILL
    for each in PROJECTIONS:
        filling = filling.replace(f"{each.name}_v1.", f"{each.name}_v{each.version}.")
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute(IDS.encode())
        owner.execute(filling.encode())
        owner.execute("VACUUM ANALYZE")
