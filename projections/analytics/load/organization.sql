-- A renamed department is called so by everybody who belongs to it. Loaded after people and courses,
-- whose events carry the name that it had when they came into it.
CREATE OR REPLACE TEMP TABLE renamed AS
SELECT department_id, arg_max(name, position) AS name
FROM staged
WHERE event_topic = 'organization.department_renamed'
GROUP BY department_id;

UPDATE dim_learner SET department = renamed.name
FROM renamed WHERE dim_learner.department_id = renamed.department_id;

UPDATE dim_course SET department = renamed.name
FROM renamed WHERE dim_course.department_id = renamed.department_id;

DROP TABLE renamed;
