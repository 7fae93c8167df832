-- One row for each day or ISO week ($per) in which somebody did something.
WITH happened AS (
    SELECT
        occurred_on AS date, learner_id, 1 AS logins, 0 AS seconds, 0 AS lessons, 0 AS feedback
    FROM fact_login
    WHERE $course_ids::UUID[] IS NULL
    UNION ALL
    SELECT occurred_on, learner_id, 0, seconds, completed::INTEGER, 0
    FROM fact_progress
    WHERE $course_ids::UUID[] IS NULL OR list_contains($course_ids::UUID[], course_id)
    UNION ALL
    SELECT submitted_on, learner_id, 0, 0, 0, 1
    FROM fact_rating
    WHERE $course_ids::UUID[] IS NULL OR list_contains($course_ids::UUID[], course_id)
)

SELECT
    CASE $per WHEN 'week' THEN date_trunc('week', date)::DATE ELSE date END AS date,
    sum(logins)::BIGINT AS logins,
    count(DISTINCT learner_id) AS active_learners,
    count(DISTINCT (learner_id, date)) AS active_days,
    sum(seconds)::BIGINT AS seconds,
    sum(lessons)::BIGINT AS lessons_completed,
    sum(feedback)::BIGINT AS feedback
FROM happened
WHERE
    date >= $from::DATE AND date <= $to::DATE
    AND ($learner_ids::UUID[] IS NULL OR list_contains($learner_ids::UUID[], learner_id))
GROUP BY ALL
ORDER BY date;
