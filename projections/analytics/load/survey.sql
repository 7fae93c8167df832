MERGE INTO dim_survey AS known
USING (
    SELECT
        stream_id AS survey_id,
        arg_max(course_id, position) AS course_id,
        arg_max(title, position) AS title,
        arg_max(anonymous, position) AS anonymous,
        count(*) FILTER (event_topic = 'survey.question_added') AS question_count,
        arg_max(split_part(event_topic, '.', 2), position)
            FILTER (event_topic IN ('survey.published', 'survey.closed')) AS status
    FROM staged
    WHERE stream_type = 'survey'
    GROUP BY stream_id
) AS news
ON known.survey_id = news.survey_id
WHEN MATCHED THEN UPDATE SET
    question_count = known.question_count + news.question_count,
    status = coalesce(news.status, known.status)
WHEN NOT MATCHED THEN INSERT VALUES (
    news.survey_id, news.course_id, news.title, news.anonymous, news.question_count,
    coalesce(news.status, 'draft')
);
