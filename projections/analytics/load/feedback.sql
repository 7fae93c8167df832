MERGE INTO fact_rating AS known
USING (
    SELECT
        stream_id AS rating_id,
        arg_max(course_id, position) AS course_id,
        arg_max(learner_id, position) AS learner_id,
        arg_max(rating, position) AS rating,
        min(occurred_at) AS submitted_at
    FROM staged
    WHERE stream_type = 'feedback'
    GROUP BY stream_id
) AS news
ON known.rating_id = news.rating_id
WHEN MATCHED THEN UPDATE SET rating = news.rating
WHEN NOT MATCHED THEN INSERT VALUES (
    news.rating_id, 'feedback', news.course_id, news.learner_id, news.rating, 'submitted',
    news.submitted_at, news.submitted_at::DATE
);
