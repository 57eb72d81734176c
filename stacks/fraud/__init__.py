"""The deployment ``fraud`` of the demo: its payments, its training, and a day of it."""
