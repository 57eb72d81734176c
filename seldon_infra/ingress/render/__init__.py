"""One renderer per gateway: pure functions from the typed description to its configuration."""
