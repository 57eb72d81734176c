"""Clusters that are there: what a kubeconfig leads to."""
