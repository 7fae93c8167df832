SELECT
    (SELECT count(*) FROM dim_learner) AS learners,
    (SELECT count(*) FROM dim_learner WHERE active) AS active_learners,
    (SELECT count(*) FROM dim_course) AS courses,
    (SELECT count(*) FROM dim_course WHERE status = 'published') AS published_courses,
    (SELECT avg(score) FROM fact_attempt WHERE graded_at IS NOT NULL) AS average_score,
    (SELECT avg(rating) FROM fact_rating WHERE status NOT IN ('rejected', 'withdrawn'))
        AS average_rating;
