"""What can be seen of the running system from outside: metrics, and traces."""
