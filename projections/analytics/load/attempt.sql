MERGE INTO fact_attempt AS known
USING (
    SELECT
        stream_id AS attempt_id,
        arg_max(assessment_id, position) AS assessment_id,
        arg_max(assessment_version, position) AS assessment_version,
        arg_max(course_id, position) AS course_id,
        arg_max(enrollment_id, position) AS enrollment_id,
        arg_max(learner_id, position) AS learner_id,
        arg_max(number, position) AS number,
        min(occurred_at) FILTER (event_topic = 'attempt.started') AS started_at,
        min(occurred_at) FILTER (event_topic = 'attempt.submitted') AS submitted_at,
        max(occurred_at) FILTER (event_topic = 'attempt.graded') AS graded_at,
        arg_max(score, position) AS score,
        arg_max(points, position) AS points,
        arg_max(max_points, position) AS max_points,
        arg_max(passed, position) AS passed
    FROM staged
    WHERE stream_type = 'attempt'
    GROUP BY stream_id
) AS news
ON known.attempt_id = news.attempt_id
WHEN MATCHED THEN UPDATE SET
    submitted_at = coalesce(news.submitted_at, known.submitted_at),
    graded_at = coalesce(news.graded_at, known.graded_at),
    graded_on = coalesce(news.graded_at, known.graded_at)::DATE,
    score = coalesce(news.score, known.score),
    points = coalesce(news.points, known.points),
    max_points = coalesce(news.max_points, known.max_points),
    passed = coalesce(news.passed, known.passed)
WHEN NOT MATCHED THEN INSERT VALUES (
    news.attempt_id, news.assessment_id, news.assessment_version, news.course_id,
    news.enrollment_id, news.learner_id, news.number, news.started_at, news.submitted_at,
    news.graded_at, news.graded_at::DATE, news.score, news.points, news.max_points, news.passed
);

-- A later grading of the same attempt replaces the marks, not the choices.
MERGE INTO fact_answer AS known
USING (
    SELECT
        attempt_id,
        question_id,
        any_value(assessment_id) AS assessment_id,
        any_value(learner_id) AS learner_id,
        arg_max(choices, position) AS choices,
        arg_max(correct, position) AS correct,
        arg_max(points, position) AS points
    FROM (
        SELECT
            position, stream_id AS attempt_id, assessment_id, learner_id,
            answer.question_id, answer.choices, NULL::BOOLEAN AS correct, NULL::INTEGER AS points
        FROM (SELECT *, unnest(answers) AS answer FROM staged WHERE event_topic = 'attempt.submitted')
        UNION ALL
        SELECT
            position, stream_id, assessment_id, learner_id,
            result.question_id, NULL, result.correct, result.points
        FROM (SELECT *, unnest(results) AS result FROM staged WHERE event_topic = 'attempt.graded')
    )
    WHERE question_id IS NOT NULL
    GROUP BY attempt_id, question_id
) AS news
ON known.attempt_id = news.attempt_id AND known.question_id = news.question_id
WHEN MATCHED THEN UPDATE SET
    correct = coalesce(news.correct, known.correct),
    points = coalesce(news.points, known.points)
WHEN NOT MATCHED THEN INSERT VALUES (
    news.attempt_id, news.assessment_id, news.learner_id, news.question_id, news.choices,
    news.correct, news.points
);
