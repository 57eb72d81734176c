"""Messages to the engine's log service: the one way in which the plugin speaks, its standard output is the engine's."""

from __future__ import annotations

import contextlib

from seldon_infra.provider.wire import engine_pb2, engine_pb2_grpc, grpc

_SECONDS = 2.0


class EngineLog:
    """The engine's log, or nowhere as long as no engine has said where it listens."""

    def __init__(self) -> None:
        self._stub: engine_pb2_grpc.EngineStub | None = None

    def connect(self, address: str) -> None:
        """Log to the engine at this address from now on."""
        if address:
            self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))

    def status(self, urn: str, text: str) -> None:
        """Show a line at the resource until the next one comes."""
        self._log(engine_pb2.INFO, urn, text, ephemeral=True)

    def warning(self, urn: str, text: str) -> None:
        """Log a line that stays."""
        self._log(engine_pb2.WARNING, urn, text, ephemeral=False)

    def debug(self, urn: str, text: str) -> None:
        """Log what only `pulumi --debug` shows."""
        self._log(engine_pb2.DEBUG, urn, text, ephemeral=False)

    def _log(self, severity: engine_pb2.LogSeverity.ValueType, urn: str, text: str, *, ephemeral: bool) -> None:
        if self._stub is None:
            return
        request = engine_pb2.LogRequest(severity=severity, urn=urn, message=text, ephemeral=ephemeral)
        with contextlib.suppress(grpc.RpcError):  # An engine that is gone must not fail the work that it asked for.
            self._stub.Log(request, timeout=_SECONDS)
