"""The `seldon-infra` command: one module per sub-command."""
