"""From the log to JetStream, and from JetStream to whoever follows the log."""
