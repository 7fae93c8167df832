-- A struct tells a value that was cleared, and is NULL now, from one that nothing is said about.
MERGE INTO dim_learner AS known
USING (
    SELECT
        stream_id AS learner_id,
        arg_max(roles, position) AS roles,
        arg_max({'value': department}, position)
            FILTER (department IS NOT NULL OR list_contains(coalesce(cleared, removed), 'department')) AS department,
        arg_max({'value': department_id}, position)
            FILTER (department_id IS NOT NULL OR list_contains(coalesce(cleared, removed), 'department_id')) AS department_id,
        arg_max({'value': job_role}, position)
            FILTER (event_topic = 'learner.erased' OR job_role IS NOT NULL OR list_contains(coalesce(cleared, removed), 'job_role')) AS job_role,
        arg_max(language, position) AS language,
        arg_max({'value': manager_id}, position)
            FILTER (event_topic = 'learner.erased' OR manager_id IS NOT NULL OR list_contains(coalesce(cleared, removed), 'manager_id')) AS manager_id,
        arg_max(event_topic = 'learner.reactivated', position)
            FILTER (event_topic IN ('learner.deactivated', 'learner.reactivated', 'learner.erased')) AS active,
        min(occurred_at) FILTER (event_topic = 'learner.registered') AS registered_at
    FROM staged
    WHERE stream_type = 'learner' AND event_topic <> 'learner.logged_in'
    GROUP BY stream_id
) AS news
ON known.learner_id = news.learner_id
WHEN MATCHED THEN UPDATE SET
    roles = coalesce(news.roles, known.roles),
    department = if(news.department IS NULL, known.department, news.department.value),
    department_id = if(news.department_id IS NULL, known.department_id, news.department_id.value),
    job_role = if(news.job_role IS NULL, known.job_role, news.job_role.value),
    language = coalesce(news.language, known.language),
    manager_id = if(news.manager_id IS NULL, known.manager_id, news.manager_id.value),
    active = coalesce(news.active, known.active)
WHEN NOT MATCHED THEN INSERT VALUES (
    news.learner_id, news.roles, news.department.value, news.job_role.value, news.language,
    news.manager_id.value, coalesce(news.active, true), news.registered_at,
    news.department_id.value
);

INSERT INTO fact_login
SELECT position, stream_id, method, occurred_at, occurred_at::DATE
FROM staged
WHERE event_topic = 'learner.logged_in';
