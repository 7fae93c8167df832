"""What every test can ask for; the servers behind it are real."""

pytest_plugins = [
    "tests.servers.postgres",
    "tests.servers.nats",
    "tests.servers.system",
    "tests.servers.stack",
    "tests.servers.smtp",
    "tests.servers.kms",
]
