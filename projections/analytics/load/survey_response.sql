INSERT INTO fact_survey_answer
SELECT
    stream_id, survey_id, course_id, learner_id, answer.question_id,
    unnest(CASE WHEN len(answer.choices) > 0 THEN answer.choices ELSE [NULL] END),
    answer.rating, occurred_at, occurred_at::DATE
FROM (
    SELECT *, unnest(answers) AS answer FROM staged
    WHERE event_topic = 'survey_response.submitted'
)
WHERE answer.question_id IS NOT NULL;
