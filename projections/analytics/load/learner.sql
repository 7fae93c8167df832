MERGE INTO dim_learner AS known
USING (
    SELECT
        stream_id AS learner_id,
        arg_max(roles, position) AS roles,
        arg_max(department, position) AS department,
        arg_max(job_role, position) AS job_role,
        arg_max(language, position) AS language,
        arg_max(manager_id, position) AS manager_id,
        arg_max(event_topic <> 'learner.deactivated', position)
            FILTER (event_topic IN ('learner.deactivated', 'learner.reactivated')) AS active,
        min(occurred_at) FILTER (event_topic = 'learner.registered') AS registered_at
    FROM staged
    WHERE stream_type = 'learner' AND event_topic <> 'learner.logged_in'
    GROUP BY stream_id
) AS news
ON known.learner_id = news.learner_id
WHEN MATCHED THEN UPDATE SET
    roles = coalesce(news.roles, known.roles),
    department = coalesce(news.department, known.department),
    job_role = coalesce(news.job_role, known.job_role),
    language = coalesce(news.language, known.language),
    manager_id = coalesce(news.manager_id, known.manager_id),
    active = coalesce(news.active, known.active)
WHEN NOT MATCHED THEN INSERT VALUES (
    news.learner_id, news.roles, news.department, news.job_role, news.language, news.manager_id,
    coalesce(news.active, true), news.registered_at
);

INSERT INTO fact_login
SELECT position, stream_id, method, occurred_at, occurred_at::DATE
FROM staged
WHERE event_topic = 'learner.logged_in';
