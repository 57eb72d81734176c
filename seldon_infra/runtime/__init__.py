"""The local data plane: processes under a supervisor, Envoy before them, the orchestrator between. No Pulumi here."""
