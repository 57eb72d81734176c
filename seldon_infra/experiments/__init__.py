"""A/B tests: who belongs to which arm, what happened there, and what may be concluded at any time."""
