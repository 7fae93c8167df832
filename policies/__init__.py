"""Whenever this happened, do that."""
