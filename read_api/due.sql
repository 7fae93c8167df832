-- What expires, and when: each record by the policy of its course, else by the one for all courses.
-- An account waits for everything else of the person whose policy has not run out; what has no
-- policy keeps nobody.
WITH record AS (
    SELECT 'enrollment' AS kind, id, learner_id, course_id, updated_at AS ended_at
    FROM read_models.enrollment WHERE status <> 'active'
    UNION ALL
    SELECT 'attempt', id, learner_id, course_id, updated_at FROM read_models.attempt
    UNION ALL
    SELECT 'certificate', id, learner_id, course_id, updated_at FROM read_models.certificate
    UNION ALL
    SELECT 'feedback', id, learner_id, course_id, updated_at FROM read_models.feedback
    UNION ALL
    SELECT 'testimonial', id, learner_id, course_id, updated_at FROM read_models.testimonial
    UNION ALL
    SELECT 'survey_response', id, learner_id, NULL, submitted_at
    FROM read_models.survey_response WHERE learner_id IS NOT NULL
    UNION ALL
    SELECT 'account', id, id, NULL, updated_at FROM read_models.learner
    WHERE NOT active AND NOT EXISTS (
        SELECT FROM read_models.erasure
        WHERE erasure.learner_id = learner.id AND state IN ('carried out', 'scrubbed'))
), dated AS (
    SELECT record.*, days, basis, ended_at + make_interval(days => days) AS expires_at
    FROM record CROSS JOIN LATERAL (
        SELECT days, basis FROM read_models.retention_policy AS policy
        WHERE policy.kind = record.kind
            AND (policy.course_id = record.course_id OR policy.course_id IS NULL)
        ORDER BY policy.course_id NULLS LAST LIMIT 1) AS policy
), due AS (
    SELECT dated.*, EXISTS (
        SELECT FROM read_models.legal_hold
        WHERE released_at IS NULL AND subject_id IN (learner_id, course_id)) AS held
    FROM dated
    WHERE expires_at <= %s AND NOT (kind = 'account' AND EXISTS (
        SELECT FROM dated AS other
        WHERE other.learner_id = dated.id AND other.kind <> 'account'
            AND other.expires_at > %s))
)
SELECT kind, id, learner_id, course_id, ended_at, expires_at, days, basis, held FROM due
