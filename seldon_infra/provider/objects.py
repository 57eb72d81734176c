"""The engine's calls about objects: from messages to trees and back, and every failure as one clear sentence."""

from __future__ import annotations

import functools
import threading
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct

from seldon_infra.provider.diff import Difference
from seldon_infra.provider.engine_log import EngineLog
from seldon_infra.provider.framework import Context, Load, Resource
from seldon_infra.provider.lifecycle import Alive, Lifecycle, OutcomeUnknown, describe
from seldon_infra.provider.schema import package_schema
from seldon_infra.provider.settings import Setting
from seldon_infra.provider.siblings import Known, owner_of
from seldon_infra.provider.values import Secrets, from_wire, path_text, reveal, to_wire
from seldon_infra.provider.wire import Empty, grpc, provider_pb2, status_pb2


class Status(grpc.Status):
    """How a call ended, with the details that the engine understands."""

    def __init__(self, code: grpc.StatusCode, text: str, detail: Message | None = None) -> None:
        self.code, self.details = code, text
        status = status_pb2.Status(code=code.value[0], message=text)
        if detail is not None:
            status.details.add().Pack(detail)
        self.trailing_metadata = (("grpc-status-details-bin", status.SerializeToString()),)


class Objects:
    """Hands each call to the resource type that it is about."""

    def __init__(self, modules: Mapping[str, Load], log: EngineLog, cancelled: threading.Event, known: Known) -> None:
        self._unloaded, self._loading = dict(modules), threading.Lock()
        self._resources: dict[str, Resource[Any, Any]] = {}
        self._lifecycles: dict[str, Lifecycle[Any, Any]] = {}
        self._log, self._cancelled, self._known = log, cancelled, known

    def answer(self, question: str, request: Any, awaited: Callable[[], bool]) -> Message | Status:
        """Answer one call whatever happens in it; `question` is one of the methods below."""
        try:
            answer: Message | Status = getattr(self, question)(request, self._context(request, awaited))
        except Exception as error:
            return self._failure(request, error)
        return answer

    def schema(self, package: str, version: str, settings: Mapping[str, Setting]) -> dict[str, Any]:
        """The package's schema."""
        for module in list(self._unloaded):
            self._load(module)
        return package_schema(package, version, self._resources.values(), settings)

    def check(self, request: provider_pb2.CheckRequest, context: Context) -> Message | Status:
        """Validate inputs and fill in what they leave out."""
        inputs, problems = self._lifecycle(request).check(from_wire(request.olds), from_wire(request.news), context)
        failures = [provider_pb2.CheckFailure(property=problem.path, reason=problem.reason) for problem in problems]
        return provider_pb2.CheckResponse(inputs=to_wire(inputs), failures=failures)

    def diff(self, request: provider_pb2.DiffRequest, context: Context) -> Message | Status:
        """Say which inputs differ, and whether that needs a new object."""
        last = (request.id, from_wire(request.olds), from_wire(request.old_inputs))
        diffed = self._lifecycle(request).diff(last, from_wire(request.news), context)
        changed = provider_pb2.DiffResponse.DIFF_SOME if diffed.changes else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(
            changes=changed,
            diffs=dict.fromkeys(str(change.path[0]) for change in diffed.changes),
            replaces=dict.fromkeys(str(change.path[0]) for change in diffed.changes if change.replaces),
            deleteBeforeReplace=diffed.delete_first,
            hasDetailedDiff=True,
            detailedDiff={path_text(change.path): _property_diff(change) for change in diffed.changes},
        )

    def create(self, request: provider_pb2.CreateRequest, context: Context) -> Message | Status:
        """Make an object, or say what it would be like."""
        news = from_wire(request.properties)
        if request.preview:
            outputs = self._lifecycle(request).preview(None, news, context)
            return provider_pb2.CreateResponse(properties=to_wire(outputs), refresh_before_update=self._reads(request))
        made = self._lifecycle(request).create(news, context)
        return self._unwell(made, request) or provider_pb2.CreateResponse(
            id=made.id,
            properties=to_wire(made.outputs),
            refresh_before_update=self._reads(request),
        )

    def read(self, request: provider_pb2.ReadRequest, context: Context) -> Message | Status:
        """Say what an object is like outside."""
        inputs = from_wire(request.inputs) if request.HasField("inputs") else None
        outputs = from_wire(request.properties)
        seen = self._lifecycle(request).read(request.id, outputs, inputs, context)
        if seen is None:
            return provider_pb2.ReadResponse()
        return self._unwell(seen, request) or provider_pb2.ReadResponse(
            id=seen.id,
            properties=to_wire(seen.outputs),
            inputs=None if seen.inputs is None else to_wire(seen.inputs),
            refresh_before_update=self._reads(request),
        )

    def update(self, request: provider_pb2.UpdateRequest, context: Context) -> Message | Status:
        """Bring an object to its new inputs, or say what it would be like."""
        last = (request.id, from_wire(request.olds), from_wire(request.old_inputs))
        if request.preview:
            outputs = self._lifecycle(request).preview(last, from_wire(request.news), context)
        else:
            alive = self._lifecycle(request).update(last, from_wire(request.news), context)
            if unwell := self._unwell(alive, request):
                return unwell
            outputs = alive.outputs
        return provider_pb2.UpdateResponse(properties=to_wire(outputs), refresh_before_update=self._reads(request))

    def delete(self, request: provider_pb2.DeleteRequest, context: Context) -> Message | Status:
        """Take an object away."""
        last = (request.id, from_wire(request.properties), from_wire(request.old_inputs))
        self._lifecycle(request).delete(last, context)
        return Empty()

    # How a call finds its type, its context and its end

    def _lifecycle(self, request: Any) -> Lifecycle[Any, Any]:
        token = _token(request)
        self._load(token.split(":")[1])
        if token not in self._lifecycles:
            raise LookupError(f"there is no resource type {token}; there are {', '.join(sorted(self._lifecycles))}")
        return self._lifecycles[token]

    def _reads(self, request: Any) -> bool:
        return self._lifecycle(request).reads_first

    def _load(self, module: str) -> None:
        """Load the types of one module: those of another cost time, and most stacks have none of them."""
        with self._loading:
            load = self._unloaded.pop(module, None)
            for resource in load() if load else ():
                resource.type.complete()
                self._resources[resource.type.token] = resource
                self._lifecycles[resource.type.token] = Lifecycle(resource, self._known)

    def _context(self, request: Any, awaited: Callable[[], bool]) -> Context:
        secrets = _secrets_of(request)
        return Context(
            urn=request.urn,
            owner=owner_of(request.urn),
            timeout=getattr(request, "timeout", 0) or self._lifecycle(request).timeout,
            cancelled=self._cancelled,
            progress=_on_change(lambda text: self._log.status(request.urn, secrets.mask(text))),
            warn=lambda text: self._log.warning(request.urn, secrets.mask(text)),
            awaited=awaited,
        )

    def _unwell(self, alive: Alive, request: Any) -> Status | None:
        """The answer that an object is there but failed, with what there is of it, so that it stays in the state."""
        if not alive.reasons:
            return None
        detail = provider_pb2.ErrorResourceInitFailed(
            id=alive.id,
            properties=to_wire(alive.outputs),
            reasons=alive.reasons,
            inputs=None if alive.inputs is None else to_wire(alive.inputs),
            refresh_before_update=self._reads(request),
        )
        return Status(grpc.StatusCode.UNKNOWN, "; ".join(alive.reasons), detail)

    def _failure(self, request: Any, error: Exception) -> Status:
        """An exception as the engine's user sees it; its traceback goes to the engine's debug log."""
        secrets = _secrets_of(request)
        trace = "".join(traceback.format_exception(error))
        self._log.debug(getattr(request, "urn", ""), secrets.mask(trace))
        uncertain = isinstance(error, OutcomeUnknown)
        code = grpc.StatusCode.UNKNOWN if uncertain else grpc.StatusCode.FAILED_PRECONDITION
        return Status(code, describe(error, secrets))


def _on_change(say: Callable[[str], None]) -> Callable[[str], None]:
    """Say a text once; where nobody watches a live display, the engine prints a line each time."""
    said: list[str] = [""]

    def say_new(text: str) -> None:
        if text != said[0]:
            said[0] = text
            say(text)

    return say_new


def _secrets_of(request: Message) -> Secrets:
    """Every secret that a request carries."""
    trees = [from_wire(value) for _, value in request.ListFields() if isinstance(value, Struct)]
    return functools.reduce(lambda known, tree: known | reveal(tree)[1], trees, Secrets())


def _token(request: Any) -> str:
    """The type token of the resource that a request is about."""
    return str(request.urn.split("::")[2].rpartition("$")[2])


def _property_diff(change: Difference) -> provider_pb2.PropertyDiff:
    kind = provider_pb2.PropertyDiff.Kind.Value(change.kind.name + ("_REPLACE" if change.replaces else ""))
    return provider_pb2.PropertyDiff(kind=kind, inputDiff=True)
