"""Read models: one module each, and the one runner they share."""
