-- The last thirty days, each with a row, also those on which nothing happened.
WITH enrolled AS (
    SELECT enrolled_on AS date, count(*) AS enrollments FROM fact_enrollment GROUP BY ALL
),

finished AS (
    SELECT completed_on AS date, count(*) AS completed FROM fact_enrollment GROUP BY ALL
),

seen AS (
    SELECT occurred_on AS date, count(DISTINCT learner_id) AS active_learners
    FROM (
        SELECT occurred_on, learner_id FROM fact_login WHERE occurred_on > $today::DATE - 30
        UNION ALL
        SELECT occurred_on, learner_id FROM fact_progress WHERE occurred_on > $today::DATE - 30
    )
    GROUP BY ALL
)

SELECT
    date,
    coalesce(enrollments, 0) AS enrollments,
    coalesce(completed, 0) AS completed,
    coalesce(active_learners, 0) AS active_learners
FROM dim_date
LEFT JOIN enrolled USING (date)
LEFT JOIN finished USING (date)
LEFT JOIN seen USING (date)
WHERE date > $today::DATE - 30 AND date <= $today::DATE
ORDER BY date;
