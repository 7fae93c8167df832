MERGE INTO fact_rating AS known
USING (
    SELECT
        stream_id AS rating_id,
        arg_max(course_id, position) AS course_id,
        arg_max(learner_id, position)
            FILTER (event_topic = 'testimonial.submitted' AND NOT coalesce(anonymous, true))
            AS learner_id,
        arg_max(rating, position) AS rating,
        arg_max(split_part(event_topic, '.', 2), position) AS status,
        min(occurred_at) AS submitted_at
    FROM staged
    WHERE stream_type = 'testimonial'
    GROUP BY stream_id
) AS news
ON known.rating_id = news.rating_id
WHEN MATCHED THEN UPDATE SET status = news.status
WHEN NOT MATCHED THEN INSERT VALUES (
    news.rating_id, 'testimonial', news.course_id, news.learner_id, news.rating, news.status,
    news.submitted_at, news.submitted_at::DATE
);
