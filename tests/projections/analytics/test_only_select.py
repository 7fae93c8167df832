import pytest

from projections.analytics.only_select import OnlySelect

HARMLESS = [
    "SELECT 1",
    "FROM fact_enrollment",
    "SELECT department, count(*) FROM dim_learner GROUP BY ALL HAVING count(*) > 1 ORDER BY 2",
    "WITH a AS (SELECT 1 AS n UNION ALL SELECT 2) SELECT sum(n) FROM a",
    "WITH RECURSIVE a AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM a WHERE n < 9) FROM a",
    "SELECT row_number() OVER (ORDER BY position), lag(type) OVER (), data->>'$.a' FROM raw.events",
    "SELECT * FROM range(10) t(i) JOIN (SELECT unnest([1, 2]) AS i) USING (i)",
    "SELECT date_trunc('week', now()), list_transform([1, 2], lambda x: x + 1), 'a' || 'b'",
    "SELECT CASE WHEN a IN (1, 2) THEN coalesce(a, 0) END FROM (VALUES (1)) v(a)",
    "SELECT median(score), quantile_cont(score, 0.9) FILTER (passed) FROM fact_attempt",
    "DESCRIBE fact_attempt",
    "SHOW TABLES",
    "SUMMARIZE dim_learner",
    "SELECT table_name FROM duckdb_tables()",
    "SELECT * FROM information_schema.columns; -- end",
]

HARMFUL = [
    "",
    "SELEC 1",
    "SELECT 1; DROP TABLE dim_learner",
    "SELECT 1; SELECT 2",
    "WITH x AS (SELECT 1) INSERT INTO fact_login SELECT * FROM x",
    "EXPLAIN ANALYZE INSERT INTO fact_login SELECT 1",
    "EXPLAIN SELECT 1",
    "COPY fact_login TO '/tmp/x.csv'",
    "COPY (SELECT 1) TO '/tmp/x.csv'",
    "ATTACH '/tmp/x.duckdb'",
    "SET memory_limit = '1TB'",
    "RESET memory_limit",
    "PRAGMA database_list",
    "CALL quack_stop('quack:localhost:9494')",
    "INSTALL spatial",
    "LOAD spatial",
    "CREATE TABLE x (a INTEGER)",
    "UPDATE dim_learner SET active = false",
    "DELETE FROM raw.events",
    "CHECKPOINT",
    "BEGIN",
    "EXPORT DATABASE '/tmp/x'",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM READ_CSV_AUTO('/etc/passwd')",
    "SELECT * FROM parquet_scan('/tmp/x.parquet')",
    "SELECT * FROM glob('/*')",
    "SELECT (SELECT count(*) FROM glob('/*'))",
    "WITH a AS (FROM read_blob('/etc/passwd')) FROM a",
    "SELECT * FROM dim_course WHERE title IN (SELECT content FROM read_text('/etc/passwd'))",
    "DESCRIBE SELECT * FROM read_csv('/etc/passwd')",
    "SELECT getenv('HOME')",
    "SELECT current_setting('temp_directory')",
    "FROM duckdb_settings()",
    "FROM duckdb_settings",
    "FROM pg_catalog.pg_settings",
    "FROM duckdb_secrets()",
    "FROM duckdb_logs()",
    "FROM quack_stop('quack:localhost:9494')",
    "FROM quack_serve('quack:localhost:9999', token => 'mine')",
    "FROM quack_query('quack:evil.example:1', 'SELECT 1', token => 'x')",
    "FROM checkpoint()",
    "FROM query('SELECT 1')",
    "FROM query_table('dim_learner')",
    "FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "FROM arrow_scan(1, 2, 3)",
    "SELECT lms_may_run('me', 'SELECT 1')",
    "SELECT nextval('x')",
    "SELECT write_log('x')",
    "SELECT " + "abs(" * 5_000 + "1" + ")" * 5_000,
    "SELECT '" + "x" * 200_000 + "'",
]


@pytest.fixture(scope="module")
def only_select() -> OnlySelect:
    return OnlySelect()


@pytest.mark.parametrize("query", HARMLESS)
def test_what_analysts_need_is_allowed(only_select: OnlySelect, query: str) -> None:
    assert only_select.refusal(query) is None


@pytest.mark.parametrize("query", HARMFUL, ids=[query[:60] for query in HARMFUL])
def test_everything_else_is_refused(only_select: OnlySelect, query: str) -> None:
    assert only_select.refusal(query)
