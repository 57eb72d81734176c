"""Clusters on AWS: network, EKS control plane, node groups, who may do what, and the software that GPUs need."""
