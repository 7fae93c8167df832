"""The Litestar application that answers queries."""
