MERGE INTO dim_assessment AS known
USING (
    SELECT
        stream_id AS assessment_id,
        arg_max(course_id, position) AS course_id,
        arg_max(title, position) AS title,
        arg_max(pass_mark, position) AS pass_mark,
        arg_max(attempts_allowed, position) AS attempts_allowed,
        count(*) FILTER (event_topic = 'assessment.question_added') AS question_count,
        coalesce(sum(question.points), 0) AS max_points,
        arg_max(assessment_version, position) AS assessment_version
    FROM staged
    WHERE stream_type = 'assessment'
    GROUP BY stream_id
) AS news
ON known.assessment_id = news.assessment_id
WHEN MATCHED THEN UPDATE SET
    question_count = known.question_count + news.question_count,
    max_points = known.max_points + news.max_points,
    assessment_version = coalesce(news.assessment_version, known.assessment_version)
WHEN NOT MATCHED THEN INSERT VALUES (
    news.assessment_id, news.course_id, news.title, news.pass_mark, news.attempts_allowed,
    news.question_count, news.max_points, coalesce(news.assessment_version, 0)
);
