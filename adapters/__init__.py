"""The world outside, one small file per kind."""
