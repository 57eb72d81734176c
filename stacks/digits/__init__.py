"""The deployment ``digits``: its training, and the class that scales pixels."""
