"""Predictor graphs: what a deployment serves, checked, rendered and drawn."""
