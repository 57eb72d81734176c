"""What a change does to traffic: read from the engine's preview, before anything is applied."""
