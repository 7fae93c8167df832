"""The Litestar application that takes commands."""
