SELECT status, count(*) AS enrollments
FROM fact_enrollment
GROUP BY status
ORDER BY status;
