"""Model files: where a URI leads, what is there, and whether it has changed."""
