"""What somebody changed by hand: read from the engine's events, judged by who owns a field, and reported."""
