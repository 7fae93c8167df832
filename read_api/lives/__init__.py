"""What became of a stream, told to auditors: its states, what changed, in words, and because of
what."""
