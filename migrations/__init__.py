"""Numbered SQL files, applied in order by `lms migrate`."""
