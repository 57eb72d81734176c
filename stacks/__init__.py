"""Stacks of this project: one module per environment, over the definitions in ``models.py``."""
