"""Typed stacks that put machine-learning models into production."""
