"""Saves what nothing else can bring back, and restores it: the log and, apart from it, the keys."""
