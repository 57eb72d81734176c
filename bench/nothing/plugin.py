"""A resource plugin that does nothing, on the project's own gRPC and on pydantic: what any such plugin costs."""
# ruff: noqa: N802  (the methods are named by the protocol)

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from google.protobuf.empty_pb2 import Empty

from seldon_infra.provider.wire import grpc, plugin_pb2, provider_pb2, provider_pb2_grpc


class Nothing(provider_pb2_grpc.ResourceProviderServicer):
    """Answers at once; objects are read before an update, as those of the project's plugin are."""

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Take secrets as such."""
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Have no version."""
        return plugin_pb2.PluginInfo()

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Take the settings as they are."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        """See no difference."""
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Take the settings as they are."""
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Take the inputs as they are."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        """See no difference."""
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Make nothing."""
        return provider_pb2.CreateResponse(id="nothing", properties=request.properties, refresh_before_update=True)

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Find what the state has; types are loaded with the first question, as the project's plugin loads its own."""
        os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
        from pydantic import BaseModel, Field  # noqa: F401

        return provider_pb2.ReadResponse(
            id=request.id, properties=request.properties, inputs=request.inputs, refresh_before_update=True
        )

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Remove nothing."""
        return Empty()

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Have nothing to stop."""
        return Empty()


def main() -> None:
    """Serve until the engine interrupts us or is gone."""
    server = grpc.server(ThreadPoolExecutor(8))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Nothing(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    parent = os.getppid()
    try:
        while os.getppid() == parent:
            threading.Event().wait(0.5)
    except KeyboardInterrupt:
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
