"""Helm charts: where one comes from and how it is installed."""
