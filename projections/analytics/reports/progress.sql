-- One row for a learner in a course, or for all of a course or department ($per).
-- An enrolment's percent is the mean over its lessons of the furthest reached.
WITH chosen AS (
    SELECT
        enrollment_id, learner_id, course_id, status, lesson_count,
        dim_learner.department,
        CASE $per
            WHEN 'course' THEN course_id::VARCHAR
            WHEN 'learner' THEN learner_id::VARCHAR
            WHEN 'department' THEN coalesce(dim_learner.department, '')
            ELSE enrollment_id::VARCHAR
        END AS key
    FROM fact_enrollment
    LEFT JOIN dim_learner USING (learner_id)
    WHERE
        ($course_id::UUID IS NULL OR course_id = $course_id::UUID)
        AND ($learner_id::UUID IS NULL OR learner_id = $learner_id::UUID)
        AND ($department::VARCHAR IS NULL OR dim_learner.department = $department::VARCHAR)
        AND ($from::DATE IS NULL OR enrolled_on >= $from::DATE)
        AND ($to::DATE IS NULL OR enrolled_on <= $to::DATE)
        AND ($learner_ids::UUID[] IS NULL OR list_contains($learner_ids::UUID[], learner_id))
        AND ($course_ids::UUID[] IS NULL OR list_contains($course_ids::UUID[], course_id))
),

page AS (
    SELECT
        key,
        CASE WHEN $per IN ('enrollment', 'course') THEN any_value(course_id) END AS course_id,
        CASE WHEN $per IN ('enrollment', 'learner') THEN any_value(learner_id) END AS learner_id,
        CASE WHEN $per <> 'course' THEN any_value(department) END AS department,
        count(*) AS enrollments,
        count(*) FILTER (status = 'completed') AS completed
    FROM chosen
    WHERE key > $after
    GROUP BY key
    ORDER BY key
    LIMIT $limit
),

lesson AS (
    SELECT enrollment_id, lesson_id, max(percent) AS percent, sum(seconds) AS seconds
    FROM fact_progress
    WHERE enrollment_id IN (SELECT enrollment_id FROM chosen SEMI JOIN page USING (key))
    GROUP BY enrollment_id, lesson_id
),

worked AS (
    SELECT enrollment_id, sum(percent) AS percent, sum(seconds) AS seconds
    FROM lesson
    GROUP BY enrollment_id
),

measured AS (
    SELECT
        key,
        avg(
            CASE
                WHEN status = 'completed' THEN 100
                WHEN lesson_count = 0 THEN 0
                ELSE least(100, coalesce(worked.percent, 0) / lesson_count)
            END
        ) AS mean_percent,
        coalesce(sum(worked.seconds), 0)::BIGINT AS seconds
    FROM chosen
    SEMI JOIN page USING (key)
    LEFT JOIN worked USING (enrollment_id)
    GROUP BY key
)

SELECT
    page.key, page.course_id, dim_course.title AS course_title, page.learner_id, page.department,
    page.enrollments, page.completed, page.completed / page.enrollments AS completion_rate,
    measured.mean_percent, measured.seconds
FROM page
JOIN measured USING (key)
LEFT JOIN dim_course ON dim_course.course_id = page.course_id
ORDER BY page.key;
