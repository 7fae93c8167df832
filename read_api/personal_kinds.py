"""What is kept about a person now, by kind, as rows of JSON. Others appear without their names."""

from typing import Final, NamedTuple


class Kind(NamedTuple):
    """A file of the copy: its name, what it holds, and a query with the person's id as `%(me)s`
    whose rows have one column, `line`, in an order."""

    file: str
    holds: str
    sql: str


def _who(column: str) -> str:
    return (
        f"CASE WHEN {column} IS NULL THEN 'the system' WHEN {column} = %(me)s THEN 'you'"
        " ELSE 'another person' END"
    )


def _lines(columns: str, source: str, order: str) -> str:
    return f"SELECT row_to_json(kept)::text AS line FROM (SELECT {columns} {source}) kept {order}"


KINDS: Final = (
    Kind(
        "profile.json",
        "your account, as it is now",
        _lines(
            "l.id, l.username, l.email, l.full_name, s.given_name, s.family_name,"
            " s.employee_number, s.external_id, l.roles, l.language, l.time_zone, l.department,"
            " l.department_id, l.administers AS departments_administered, l.job_role,"
            " l.manager_id IS NOT NULL AS has_manager, l.active, l.registered_at, l.last_login_at,"
            " l.updated_at",
            "FROM read_models.learner l LEFT JOIN read_models.scim_user s USING (id)"
            " WHERE l.id = %(me)s",
            "",
        ),
    ),
    Kind(
        "skills.ndjson",
        "your skills and their levels, from 1 to 5",
        _lines(
            f"skill, level, {_who('assessed_by')} AS assessed_by, assessed_at",
            "FROM read_models.learner_skill WHERE learner_id = %(me)s",
            "ORDER BY skill",
        ),
    ),
    Kind(
        "groups.ndjson",
        "the groups of your company's directory that you are in",
        _lines(
            "g.id, g.display_name, g.external_id, g.roles",
            "FROM read_models.scim_group_member m JOIN read_models.scim_group g"
            " ON g.id = m.group_id WHERE m.learner_id = %(me)s",
            "ORDER BY display_name, id",
        ),
    ),
    Kind(
        "consents.ndjson",
        "what you have consented to, in which words, and what you have withdrawn",
        _lines(
            "c.purpose, c.text_version, c.language, c.given_at, c.withdrawn_at, w.texts",
            "FROM read_models.consent c LEFT JOIN read_models.consent_wording w USING"
            " (purpose, text_version) WHERE c.learner_id = %(me)s",
            "ORDER BY purpose",
        ),
    ),
    Kind(
        "second_factor.ndjson",
        "whether you log in with a second factor; never the secret itself",
        _lines("confirmed_at", "FROM access.totp WHERE learner_id = %(me)s", ""),
    ),
    Kind(
        "enrollments.ndjson",
        "the courses you were enrolled in, and your progress in each lesson",
        _lines(
            "e.id, e.course_id, c.title AS course, e.course_version, e.status, e.source,"
            f" {_who('e.enrolled_by')} AS enrolled_by, e.due_at, e.enrolled_at, e.completed_at,"
            " e.withdrawn_at, e.withdrawal_reason, e.score, e.percent, e.seconds,"
            " e.last_activity_at, (SELECT json_agg(row_to_json(p) ORDER BY p.ordinal) FROM"
            " read_models.lesson_progress p WHERE p.enrollment_id = e.id) AS lessons",
            "FROM read_models.enrollment e LEFT JOIN read_models.course c ON c.id = e.course_id"
            " WHERE e.learner_id = %(me)s",
            "ORDER BY enrolled_at, id",
        ),
    ),
    Kind(
        "attempts.ndjson",
        "your attempts at assessments: every answer, and how it was graded",
        _lines(
            "a.id, a.assessment_id, s.title AS assessment, a.course_id, a.enrollment_id, a.number,"
            " a.status, a.score, a.points, a.max_points, a.passed, CASE WHEN a.graded_by IN"
            " ('auto', %(me)s::text) THEN a.graded_by WHEN a.graded_by IS NOT NULL THEN"
            " 'another person' END AS graded_by, a.grade_reason, a.started_at, a.submitted_at,"
            " a.graded_at, (SELECT json_agg(json_build_object('question_id', w.question_id,"
            " 'question', q.prompt, 'choices', w.choices, 'answers', (SELECT json_agg(o.text) FROM"
            " read_models.assessment_choice o WHERE o.id = ANY(w.choices)), 'correct', w.correct,"
            " 'points', w.points)) FROM read_models.attempt_answer w LEFT JOIN"
            " read_models.assessment_question q ON q.id = w.question_id"
            " WHERE w.attempt_id = a.id) AS answers",
            "FROM read_models.attempt a LEFT JOIN read_models.assessment s"
            " ON s.id = a.assessment_id WHERE a.learner_id = %(me)s",
            "ORDER BY started_at, id",
        ),
    ),
    Kind(
        "feedback.ndjson",
        "your ratings of courses and what you wrote",
        _lines(
            "id, course_id, rating, feedback_text, submitted_at, updated_at",
            "FROM read_models.feedback WHERE learner_id = %(me)s",
            "ORDER BY submitted_at, id",
        ),
    ),
    Kind(
        "surveys.ndjson",
        "the surveys you were invited to, and your answers to those that aren't anonymous",
        _lines(
            "s.id, s.title, s.anonymous, i.sent_at AS invited_at, r.submitted_at,"
            " (SELECT json_agg(json_build_object('question_id', w.question_id, 'question',"
            " q.prompt, 'choices', w.choices, 'answers', (SELECT json_agg(o.text) FROM"
            " read_models.survey_choice o WHERE o.id = ANY(w.choices)), 'rating', w.rating, 'text',"
            " w.text)) FROM read_models.survey_answer w LEFT JOIN read_models.survey_question q ON"
            " q.id = w.question_id WHERE w.response_id = r.id) AS answers",
            "FROM read_models.survey s LEFT JOIN read_models.survey_invitation i"
            " ON i.survey_id = s.id AND i.learner_id = %(me)s"
            " LEFT JOIN read_models.survey_response r ON r.survey_id = s.id"
            " AND r.learner_id = %(me)s WHERE i.id IS NOT NULL OR r.id IS NOT NULL",
            "ORDER BY id",
        ),
    ),
    Kind(
        "testimonials.ndjson",
        "what you wrote to recommend a course",
        _lines(
            "id, course_id, text, rating, anonymous, status, moderated_at, rejection_reason,"
            " submitted_at, updated_at",
            "FROM read_models.testimonial WHERE learner_id = %(me)s",
            "ORDER BY submitted_at, id",
        ),
    ),
    Kind(
        "certificates.ndjson",
        "your certificates; each is also there to print, as a PDF beside this file",
        _lines(
            "id, number, course_id, course_title, course_version, enrollment_id, holder_name,"
            " status, completed_at, issued_at, expires_at, revoked_at, revocation_reason",
            "FROM read_models.certificate WHERE learner_id = %(me)s",
            "ORDER BY issued_at, id",
        ),
    ),
    Kind(
        "notifications.ndjson",
        "what you were told inside the program",
        _lines(
            "id, kind, subject_id, text_key, params, created_at, read_at",
            "FROM read_models.notification WHERE learner_id = %(me)s",
            "ORDER BY created_at, id",
        ),
    ),
    Kind(
        "sessions.ndjson",
        "your log-ins that are remembered, and when they were last used",
        _lines(
            "session_id, started_at, authenticated_at, last_used_at, expires_at, ended_at, factors",
            "FROM access.sessions WHERE learner_id = %(me)s",
            "ORDER BY started_at, session_id",
        ),
    ),
)
