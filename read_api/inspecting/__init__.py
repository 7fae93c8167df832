"""Copies of records for inspectors: complete, readable by people and by programs, signed."""
