"""Seals: a Merkle tree over the log, signed, so that nobody can change history unnoticed."""
