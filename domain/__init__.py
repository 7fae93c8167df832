"""What people may do and what follows from it: pure decisions, no I/O."""
