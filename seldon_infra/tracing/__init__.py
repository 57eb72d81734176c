"""Traces: a request's path through gateway, orchestrator and servers, sent to a collector of OpenTelemetry's."""
