-- The courses with most enrolments. Rates are from 0 to 1.
WITH enrolled AS (
    SELECT
        course_id,
        count(*) AS enrollments,
        count(*) FILTER (status = 'completed') AS completed
    FROM fact_enrollment
    GROUP BY course_id
),

graded AS (
    SELECT course_id, avg(score) AS average_score
    FROM fact_attempt
    WHERE graded_at IS NOT NULL
    GROUP BY course_id
),

rated AS (
    SELECT course_id, avg(rating) AS average_rating
    FROM fact_rating
    WHERE status NOT IN ('rejected', 'withdrawn')
    GROUP BY course_id
)

SELECT
    course.course_id, course.title, course.status,
    coalesce(enrolled.enrollments, 0) AS enrollments,
    coalesce(enrolled.completed, 0) AS completed,
    enrolled.completed / enrolled.enrollments AS completion_rate,
    graded.average_score, rated.average_rating
FROM dim_course AS course
LEFT JOIN enrolled USING (course_id)
LEFT JOIN graded USING (course_id)
LEFT JOIN rated USING (course_id)
ORDER BY enrollments DESC, course.course_id
LIMIT $limit;
