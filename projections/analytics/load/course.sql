MERGE INTO dim_course AS known
USING (
    SELECT
        stream_id AS course_id,
        arg_max(title, position) AS title,
        arg_max(code, position) AS code,
        arg_max({'value': topic}, position)
            FILTER (topic IS NOT NULL OR list_contains(cleared, 'topic')) AS subject,
        arg_max({'value': department}, position)
            FILTER (department IS NOT NULL OR list_contains(cleared, 'department')) AS department,
        arg_max({'value': department_id}, position)
            FILTER (department_id IS NOT NULL OR list_contains(cleared, 'department_id')) AS department_id,
        arg_max({'value': difficulty}, position)
            FILTER (difficulty IS NOT NULL OR list_contains(cleared, 'difficulty')) AS difficulty,
        arg_max(language, position) AS language,
        arg_max({'value': duration_minutes}, position)
            FILTER (duration_minutes IS NOT NULL OR list_contains(cleared, 'duration_minutes')) AS duration_minutes,
        arg_max(instructors, position) AS instructors,
        arg_max(
            CASE event_topic WHEN 'course.published' THEN 'published'
                WHEN 'course.archived' THEN 'archived' END, position
        ) AS status,
        arg_max(course_version, position) AS course_version,
        arg_max(len(lessons), position) AS lesson_count,
        arg_max(len(assessments), position) AS assessment_count,
        min(occurred_at) FILTER (event_topic = 'course.created') AS created_at,
        max(occurred_at) FILTER (event_topic = 'course.published') AS published_at
    FROM staged
    WHERE stream_type = 'course'
    GROUP BY stream_id
) AS news
ON known.course_id = news.course_id
WHEN MATCHED THEN UPDATE SET
    title = coalesce(news.title, known.title),
    topic = if(news.subject IS NULL, known.topic, news.subject.value),
    department = if(news.department IS NULL, known.department, news.department.value),
    department_id = if(news.department_id IS NULL, known.department_id, news.department_id.value),
    difficulty = if(news.difficulty IS NULL, known.difficulty, news.difficulty.value),
    language = coalesce(news.language, known.language),
    duration_minutes = if(news.duration_minutes IS NULL, known.duration_minutes, news.duration_minutes.value),
    instructors = coalesce(news.instructors, known.instructors),
    status = coalesce(news.status, known.status),
    course_version = coalesce(news.course_version, known.course_version),
    lesson_count = coalesce(news.lesson_count, known.lesson_count),
    assessment_count = coalesce(news.assessment_count, known.assessment_count),
    published_at = coalesce(news.published_at, known.published_at)
WHEN NOT MATCHED THEN INSERT VALUES (
    news.course_id, news.title, news.code, news.subject.value, news.department.value,
    news.difficulty.value, news.language, news.duration_minutes.value, news.instructors,
    coalesce(news.status, 'draft'), coalesce(news.course_version, 0), coalesce(news.lesson_count, 0),
    coalesce(news.assessment_count, 0), news.created_at, news.published_at,
    news.department_id.value
);
