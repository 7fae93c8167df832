"""What a new system is filled with, so that there is something to try it on."""
