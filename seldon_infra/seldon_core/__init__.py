"""Seldon Core's operator on a cluster: what is declared, what goes together, what is installed."""
