"""Real Postgres and NATS servers from wheels, for machines that have none."""
