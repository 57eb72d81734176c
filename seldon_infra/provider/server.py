"""The plugin's gRPC service. What one object needs is loaded with the first call about one.

The engine starts the plugin twice in an update, the second time only to ask for its settings: that one must be quick.
"""
# ruff: noqa: N802  (the methods are named by the protocol)

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from seldon_infra.provider.engine_log import EngineLog
from seldon_infra.provider.in_flight import InFlight
from seldon_infra.provider.wire import Empty, grpc, plugin_pb2, provider_pb2, provider_pb2_grpc

if TYPE_CHECKING:
    from seldon_infra.provider.framework import Load
    from seldon_infra.provider.objects import Objects
    from seldon_infra.provider.settings import Setting


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """The engine's calls."""

    def __init__(
        self,
        package: str,
        version: Callable[[], str],
        modules: Mapping[str, Load],
        settings: Mapping[str, Setting],
    ) -> None:
        self._package, self._version, self._modules, self._settings = package, version, modules, settings
        self._loading = threading.Lock()
        self._loaded: Objects | None = None
        self._reads_first = False
        self.log = EngineLog()
        self.in_flight = InFlight()
        self.cancelled = threading.Event()

    def _objects(self) -> Objects:
        with self._loading:
            if self._loaded is None:
                from seldon_infra.provider.objects import Objects
                from seldon_infra.provider.siblings import Known

                self._loaded = Objects(self._modules, self.log, self.cancelled, Known(self._reads_first))
            return self._loaded

    def _answer(self, question: str, request: Any, context: grpc.ServicerContext) -> Any:
        with self.in_flight:
            answer = self._objects().answer(question, request, context.is_active)
        return context.abort_with_status(answer) if isinstance(answer, grpc.Status) else answer

    # The plugin itself

    def Handshake(self, request: provider_pb2.ProviderHandshakeRequest, context: grpc.ServicerContext) -> Any:
        """Say that secrets are taken as such; learn where the engine listens and whether it reads before it updates."""
        self._reads_first = request.supports_refresh_before_update
        self.log.connect(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def Attach(self, request: plugin_pb2.PluginAttach, context: grpc.ServicerContext) -> Any:
        """Learn where the engine listens, when it did not start this process."""
        self.log.connect(request.address)
        return Empty()

    def GetPluginInfo(self, request: Empty, context: grpc.ServicerContext) -> Any:
        """Give no version: the engine takes the plugin that lies with the project, whatever its version."""
        return plugin_pb2.PluginInfo()

    def GetSchema(self, request: provider_pb2.GetSchemaRequest, context: grpc.ServicerContext) -> Any:
        """Give the package's schema."""
        schema = self._objects().schema(self._package, self._version(), self._settings)
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema))

    def CheckConfig(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> Any:
        """Say what is wrong with the provider's settings."""
        given = ((name, value.string_value) for name, value in request.news.fields.items() if name in self._settings)
        failures = [
            provider_pb2.CheckFailure(property=name, reason=wrong)
            for name, value in given
            if (wrong := self._settings[name].check(value)) is not None
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def DiffConfig(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> Any:
        """See a difference in settings that are read; it replaces nothing."""
        news, olds = request.news.fields, request.olds.fields
        changed = any(news[name] != olds[name] for name in self._settings)
        kind = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=kind)

    def Configure(self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext) -> Any:
        """Let the settings hold, and say what the plugin can do."""
        for name, value in request.args.fields.items():
            if name in self._settings and value.string_value:
                self._settings[name].take(value.string_value)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Any:
        """Tell every call at work that the user wants to stop."""
        self.cancelled.set()
        return Empty()

    # gRPC lets a method have threads of its own: however many calls block all others, a Cancel finds one free.
    Cancel.experimental_thread_pool = ThreadPoolExecutor(1, "cancel")  # type: ignore[attr-defined]

    # Objects

    def Check(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> Any:
        """Validate inputs and fill in what they leave out."""
        return self._answer("check", request, context)

    def Diff(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> Any:
        """Say which inputs differ, and whether that needs a new object."""
        return self._answer("diff", request, context)

    def Create(self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext) -> Any:
        """Make an object, or say what it would be like."""
        return self._answer("create", request, context)

    def Read(self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext) -> Any:
        """Say what an object is like outside."""
        return self._answer("read", request, context)

    def Update(self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext) -> Any:
        """Bring an object to its new inputs, or say what it would be like."""
        return self._answer("update", request, context)

    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> Any:
        """Take an object away."""
        return self._answer("delete", request, context)
