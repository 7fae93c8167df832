"""The running program: command line, settings, supervisor, embedded servers."""
