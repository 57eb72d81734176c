"""The plugin's gRPC service: messages in, messages out, and every failure as one clear sentence."""
# ruff: noqa: N802  (the methods are named by the protocol)

from __future__ import annotations

import functools
import json
import threading
import traceback
from collections.abc import Callable, Iterable
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct

from seldon_infra.provider.diff import Difference
from seldon_infra.provider.engine_log import EngineLog
from seldon_infra.provider.framework import Context, Resource
from seldon_infra.provider.in_flight import InFlight
from seldon_infra.provider.lifecycle import Alive, Known, Lifecycle, OutcomeUnknown, describe, owner_of
from seldon_infra.provider.schema import package_schema
from seldon_infra.provider.values import Secrets, from_wire, path_text, reveal, to_wire
from seldon_infra.provider.wire import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

Response = Any


def secrets_of(request: Message) -> Secrets:
    """Every secret that a request carries."""
    trees = [from_wire(value) for _, value in request.ListFields() if isinstance(value, Struct)]
    return functools.reduce(lambda known, tree: known | reveal(tree)[1], trees, Secrets())


def answered(method: Callable[[Servicer, Any], Response]) -> Callable[[Servicer, Any, grpc.ServicerContext], Response]:
    """A service method that answers the engine whatever happens in it."""

    @functools.wraps(method)
    def call(self: Servicer, request: Any, context: grpc.ServicerContext) -> Response:
        with self.in_flight:
            try:
                return method(self, request)
            except _Answer as answer:
                failure = answer.status
            except Exception as error:
                failure = self.failure(request, error)
        return context.abort_with_status(failure)

    return call


class Status(grpc.Status):
    """How a call ended, with the details that the engine understands."""

    def __init__(self, code: grpc.StatusCode, text: str, detail: Message | None = None) -> None:
        self.code, self.details = code, text
        status = status_pb2.Status(code=code.value[0], message=text)
        if detail is not None:
            status.details.add().Pack(detail)
        self.trailing_metadata = (("grpc-status-details-bin", status.SerializeToString()),)


class _Answer(Exception):
    """Ends a call with a status that is ready."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.details)
        self.status = status


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """The engine's calls, handed to the resource type that each is about."""

    def __init__(self, package: str, version: str, resources: Iterable[Resource[Any, Any]]) -> None:
        known = Known()
        self._package, self._version = package, version
        self._resources = {resource.type.token: resource for resource in resources}
        self._lifecycles = {token: Lifecycle(resource, known) for token, resource in self._resources.items()}
        self.log = EngineLog()
        self.in_flight = InFlight()
        self.cancelled = threading.Event()

    # The plugin itself

    @answered
    def Handshake(self, request: provider_pb2.ProviderHandshakeRequest) -> Response:
        """Say that secrets are taken as such, and learn where the engine listens."""
        self.log.connect(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    @answered
    def Attach(self, request: plugin_pb2.PluginAttach) -> Response:
        """Learn where the engine listens, when it did not start this process."""
        self.log.connect(request.address)
        return Empty()

    @answered
    def GetPluginInfo(self, request: Empty) -> Response:
        """Say the plugin's version."""
        return plugin_pb2.PluginInfo(version=self._version)

    @answered
    def GetSchema(self, request: provider_pb2.GetSchemaRequest) -> Response:
        """Give the package's schema."""
        schema = package_schema(self._package, self._version, self._resources.values())
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema))

    @answered
    def CheckConfig(self, request: provider_pb2.CheckRequest) -> Response:
        """Take the provider's settings as they are: it has none of its own."""
        return provider_pb2.CheckResponse(inputs=request.news)

    @answered
    def DiffConfig(self, request: provider_pb2.DiffRequest) -> Response:
        """See no difference between settings that nobody reads."""
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    @answered
    def Configure(self, request: provider_pb2.ConfigureRequest) -> Response:
        """Say what the plugin can do."""
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:
        """Tell every call at work that the user wants to stop."""
        self.cancelled.set()
        return Empty()

    # Objects

    @answered
    def Check(self, request: provider_pb2.CheckRequest) -> Response:
        """Validate inputs and fill in what they leave out."""
        inputs, problems = self._lifecycle(request).check(from_wire(request.news), self._context(request))
        failures = [provider_pb2.CheckFailure(property=problem.path, reason=problem.reason) for problem in problems]
        return provider_pb2.CheckResponse(inputs=to_wire(inputs), failures=failures)

    @answered
    def Diff(self, request: provider_pb2.DiffRequest) -> Response:
        """Say which inputs differ, and whether that needs a new object."""
        last = (request.id, from_wire(request.olds), from_wire(request.old_inputs))
        diffed = self._lifecycle(request).diff(last, from_wire(request.news), self._context(request))
        changed = provider_pb2.DiffResponse.DIFF_SOME if diffed.changes else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(
            changes=changed,
            diffs=dict.fromkeys(str(change.path[0]) for change in diffed.changes),
            replaces=dict.fromkeys(str(change.path[0]) for change in diffed.changes if change.replaces),
            deleteBeforeReplace=diffed.delete_first,
            hasDetailedDiff=True,
            detailedDiff={path_text(change.path): _property_diff(change) for change in diffed.changes},
        )

    @answered
    def Create(self, request: provider_pb2.CreateRequest) -> Response:
        """Make an object, or say what it would be like."""
        news = from_wire(request.properties)
        if request.preview:
            outputs = self._lifecycle(request).preview(None, news)
            return provider_pb2.CreateResponse(properties=to_wire(outputs), refresh_before_update=True)
        made = self._lifecycle(request).create(news, self._context(request))
        self._raise_if_unwell(made)
        return provider_pb2.CreateResponse(id=made.id, properties=to_wire(made.outputs), refresh_before_update=True)

    @answered
    def Read(self, request: provider_pb2.ReadRequest) -> Response:
        """Say what an object is like outside."""
        inputs = from_wire(request.inputs) if request.HasField("inputs") else None
        outputs = from_wire(request.properties)
        seen = self._lifecycle(request).read(request.id, outputs, inputs, self._context(request))
        if seen is None:
            return provider_pb2.ReadResponse()
        self._raise_if_unwell(seen)
        return provider_pb2.ReadResponse(
            id=seen.id,
            properties=to_wire(seen.outputs),
            inputs=None if seen.inputs is None else to_wire(seen.inputs),
            refresh_before_update=True,
        )

    @answered
    def Update(self, request: provider_pb2.UpdateRequest) -> Response:
        """Bring an object to its new inputs, or say what it would be like."""
        last = (request.id, from_wire(request.olds), from_wire(request.old_inputs))
        if request.preview:
            outputs = self._lifecycle(request).preview(last, from_wire(request.news))
        else:
            alive = self._lifecycle(request).update(last, from_wire(request.news), self._context(request))
            self._raise_if_unwell(alive)
            outputs = alive.outputs
        return provider_pb2.UpdateResponse(properties=to_wire(outputs), refresh_before_update=True)

    @answered
    def Delete(self, request: provider_pb2.DeleteRequest) -> Response:
        """Take an object away."""
        last = (request.id, from_wire(request.properties), from_wire(request.old_inputs))
        self._lifecycle(request).delete(last, self._context(request))
        return Empty()

    # How a call finds its type, its context and its end

    def _lifecycle(self, request: Any) -> Lifecycle[Any, Any]:
        token = _token(request)
        if token not in self._lifecycles:
            raise LookupError(f"there is no resource type {token}; there are {', '.join(sorted(self._lifecycles))}")
        return self._lifecycles[token]

    def _context(self, request: Any) -> Context:
        secrets = secrets_of(request)
        return Context(
            urn=request.urn,
            owner=owner_of(request.urn),
            timeout=getattr(request, "timeout", 0) or self._resources[_token(request)].timeout,
            cancelled=self.cancelled,
            progress=lambda text: self.log.status(request.urn, secrets.mask(text)),
            warn=lambda text: self.log.warning(request.urn, secrets.mask(text)),
        )

    def _raise_if_unwell(self, alive: Alive) -> None:
        """Answer that the object is there but failed, with what there is of it, so that it stays in the state."""
        if not alive.reasons:
            return
        detail = provider_pb2.ErrorResourceInitFailed(
            id=alive.id,
            properties=to_wire(alive.outputs),
            reasons=alive.reasons,
            inputs=None if alive.inputs is None else to_wire(alive.inputs),
            refresh_before_update=True,
        )
        raise _Answer(Status(grpc.StatusCode.UNKNOWN, "; ".join(alive.reasons), detail))

    def failure(self, request: Any, error: Exception) -> Status:
        """An exception as the engine's user sees it; its traceback goes to the engine's debug log."""
        secrets = secrets_of(request)
        trace = "".join(traceback.format_exception(error))
        self.log.debug(getattr(request, "urn", ""), secrets.mask(trace))
        uncertain = isinstance(error, OutcomeUnknown)
        code = grpc.StatusCode.UNKNOWN if uncertain else grpc.StatusCode.FAILED_PRECONDITION
        return Status(code, secrets.mask(describe(error)))


def _token(request: Any) -> str:
    """The type token of the resource that a request is about."""
    return str(request.urn.split("::")[2].rpartition("$")[2])


def _property_diff(change: Difference) -> provider_pb2.PropertyDiff:
    kind = provider_pb2.PropertyDiff.Kind.Value(change.kind.name + ("_REPLACE" if change.replaces else ""))
    return provider_pb2.PropertyDiff(kind=kind, inputDiff=True)
