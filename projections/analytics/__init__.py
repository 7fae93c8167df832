"""What analysts query: the log and a star schema in one DuckDB file, and the process around it."""
