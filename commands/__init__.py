"""Command messages and the functions that carry them out."""
