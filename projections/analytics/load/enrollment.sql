MERGE INTO fact_enrollment AS known
USING (
    SELECT
        stream_id AS enrollment_id,
        arg_max(learner_id, position) AS learner_id,
        arg_max(course_id, position) AS course_id,
        arg_max(course_version, position) AS course_version,
        arg_max(source, position) AS source,
        arg_max(
            CASE event_topic
                WHEN 'enrollment.requested' THEN 'requested'
                WHEN 'enrollment.declined' THEN 'declined'
                WHEN 'enrollment.completed' THEN 'completed'
                WHEN 'enrollment.withdrawn' THEN 'withdrawn'
                ELSE 'active'
            END, position
        ) AS status,
        arg_max(len(lessons), position) AS lesson_count,
        arg_max(len(assessments), position) AS assessment_count,
        arg_max(due_at, position) AS due_at,
        arg_max(score, position) AS score,
        min(occurred_at) AS enrolled_at,
        max(occurred_at) AS changed_at
    FROM staged
    WHERE
        stream_type = 'enrollment'
        AND event_topic NOT IN ('enrollment.progress_updated', 'enrollment.lesson_completed')
    GROUP BY stream_id
) AS news
ON known.enrollment_id = news.enrollment_id
WHEN MATCHED THEN UPDATE SET
    course_version = coalesce(news.course_version, known.course_version),
    source = coalesce(news.source, known.source),
    status = news.status,
    lesson_count = coalesce(news.lesson_count, known.lesson_count),
    assessment_count = coalesce(news.assessment_count, known.assessment_count),
    due_at = coalesce(news.due_at, known.due_at),
    completed_at = CASE news.status WHEN 'completed' THEN news.changed_at END,
    completed_on = CASE news.status WHEN 'completed' THEN news.changed_at::DATE END,
    withdrawn_at = CASE news.status WHEN 'withdrawn' THEN news.changed_at END,
    score = CASE news.status WHEN 'completed' THEN news.score END
WHEN NOT MATCHED THEN INSERT VALUES (
    news.enrollment_id, news.learner_id, news.course_id, news.course_version, news.source,
    news.status, coalesce(news.lesson_count, 0), coalesce(news.assessment_count, 0),
    news.enrolled_at, news.enrolled_at::DATE, news.due_at,
    CASE news.status WHEN 'completed' THEN news.changed_at END,
    CASE news.status WHEN 'completed' THEN news.changed_at::DATE END,
    CASE news.status WHEN 'withdrawn' THEN news.changed_at END,
    CASE news.status WHEN 'completed' THEN news.score END
);

INSERT INTO fact_progress
SELECT
    position, stream_id, learner_id, course_id, lesson_id,
    coalesce(percent, 100), coalesce(seconds, 0),
    event_topic = 'enrollment.lesson_completed', occurred_at, occurred_at::DATE
FROM staged
WHERE event_topic IN ('enrollment.progress_updated', 'enrollment.lesson_completed');
