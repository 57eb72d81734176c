"""The stand-in's process: the engine's gRPC calls about objects of a cluster."""
# ruff: noqa: N802  (the methods are named by the protocol)

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from seldon_infra.provider.values import from_wire, has_unknown, reveal, to_wire
from seldon_infra.provider.wire import (
    Empty,
    engine_pb2,
    engine_pb2_grpc,
    grpc,
    plugin_pb2,
    provider_pb2,
    provider_pb2_grpc,
    status_pb2,
)
from tests.cluster.kubernetes_provider import releases
from tests.cluster.kubernetes_provider.api import UNREACHED, Api, ApiError
from tests.cluster.kubernetes_provider.objects import (
    Held,
    NotReady,
    Tree,
    identity,
    make,
    put,
    take_away,
    without_ignored,
)


class Plugin(provider_pb2_grpc.ResourceProviderServicer):
    """One provider: the way to one cluster."""

    def __init__(self, engine: str) -> None:
        self.engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(engine))
        self.cancelled = threading.Event()
        self.api: Api | None = None
        self.helm: releases.Helm | None = None

    def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version="4.34.2")

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        """Tell that settings have changed; all tests are on one cluster, so no object has to move."""
        olds, news = (reveal(from_wire(tree))[0] for tree in (request.old_inputs, request.news))
        changed = [key for key in {**olds, **news} if olds.get(key) != news.get(key)]
        kind = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=kind, diffs=changed)

    def Configure(self, request: Any, context: Any) -> Any:
        settings, _ = reveal(from_wire(request.args))
        kubeconfig = settings.get("kubeconfig") or os.environ.get("KUBECONFIG")
        if isinstance(kubeconfig, str) and _is_there(kubeconfig):
            upsert, force = (_is_set(settings.get(name)) for name in ("upsertExistingObjects", "enablePatchForce"))
            self.api = Api.of(kubeconfig, upsert=upsert, patch_force=force)
            self.helm = releases.Helm.of(kubeconfig)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Cancel(self, request: Any, context: Any) -> Any:
        self.cancelled.set()
        return Empty()

    def Check(self, request: Any, context: Any) -> Any:
        """Take inputs as they are, without what is null (provider.go: every tree is unmarshalled with SkipNulls)."""
        return provider_pb2.CheckResponse(inputs=to_wire(_without_nulls(from_wire(request.news))))

    def Diff(self, request: Any, context: Any) -> Any:
        olds, news = (reveal(from_wire(tree))[0] for tree in (request.old_inputs, request.news))
        ignored = {key: olds[key] for key in request.ignoreChanges if key in olds}
        news = {**news, **ignored}
        if olds == news:
            return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)
        changed = [key for key in {**olds, **news} if olds.get(key) != news.get(key)]
        moved = [key for key in _places(request) if _place(olds, key) != _place(news, key)]
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME, diffs=changed, replaces=moved, deleteBeforeReplace=bool(moved)
        )

    def Create(self, request: Any, context: Any) -> Any:
        return self._put(request.properties, request, context, provider_pb2.CreateResponse)

    def Update(self, request: Any, context: Any) -> Any:
        return self._put(request.news, request, context, provider_pb2.UpdateResponse, request.ignoreChanges)

    def Read(self, request: Any, context: Any) -> Any:
        manifest, secrets = reveal(from_wire(request.inputs or request.properties))
        if _is_release(request):
            found = self._release(context, lambda helm: helm.read(manifest, self.cancelled))
        else:
            manifest = manifest if manifest.get("kind") else _asked(request)
            found = self._answer(context, lambda api: api.get(manifest))
        if found is None:
            return provider_pb2.ReadResponse()
        as_declared = _as_declared(manifest, found)
        sealed = secrets.seal(found)
        return provider_pb2.ReadResponse(
            id=request.id, properties=to_wire(sealed), inputs=to_wire(secrets.seal(as_declared))
        )

    def Delete(self, request: Any, context: Any) -> Any:
        manifest, _ = reveal(from_wire(request.old_inputs))
        if _is_release(request):
            self._release(context, lambda helm: helm.uninstall(manifest, self.cancelled))
        else:
            self._take_away(manifest, request, context)
        return Empty()

    def _take_away(self, manifest: Tree, request: Any, context: Any) -> None:
        """Delete; what holds an object is a warning, and the error says no more (condition/deleted.go)."""
        try:
            self._answer(context, lambda api: take_away(api, manifest, self.cancelled, request.timeout))
        except Held as held:
            said = f"finalizers might be preventing deletion ({', '.join(held.finalizers)})"
            self.engine.Log(engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=said, urn=request.urn))
            context.abort(grpc.StatusCode.UNKNOWN, str(held))

    def _put(self, wanted: Any, request: Any, context: Any, response: Any, ignored: Sequence[str] = ()) -> Any:
        manifest, secrets = reveal(from_wire(wanted))
        if _is_release(request):
            return self._put_release(manifest, secrets, request, context, response)
        fields = {"id": identity(manifest)} if response is provider_pb2.CreateResponse and not request.preview else {}
        if request.preview:
            unclear = has_unknown(manifest) or self.api is None
            found = manifest if unclear else self._answer(context, lambda api: _dry_run(api, manifest, ignored))
            return response(properties=to_wire(secrets.seal(found)))
        do = make if response is provider_pb2.CreateResponse else partial(put, ignored=ignored)
        try:
            found = self._answer(context, lambda api: do(api, manifest, self.cancelled, request.timeout))
        except NotReady as late:
            context.abort_with_status(_failed(identity(manifest), late.found, manifest, str(late)))
        return response(properties=to_wire(secrets.seal(found)), **fields)

    def _put_release(self, inputs: Tree, secrets: Any, request: Any, context: Any, response: Any) -> Any:
        """Install or upgrade; a preview asks nobody, for the chart's kinds may be yet to come."""
        if request.preview:
            return response(properties=to_wire(secrets.seal(inputs)))
        if response is provider_pb2.CreateResponse:
            found = self._release(context, lambda helm: helm.install(inputs, self.cancelled))
            return response(properties=to_wire(secrets.seal(found)), id=releases.identity(inputs))
        found = self._release(context, lambda helm: helm.upgrade(inputs, self.cancelled))
        return response(properties=to_wire(secrets.seal(found)))

    def _release(self, context: Any, ask: Any) -> Any:
        return self._answer(context, lambda api: ask(self.helm))

    def _answer(self, context: Any, ask: Any) -> Any:
        if self.api is None:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "no kubeconfig: set KUBECONFIG or the provider's")
        try:
            return ask(self.api)
        except ApiError as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))


def _without_nulls(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _without_nulls(value) for key, value in tree.items() if value is not None}
    return [_without_nulls(item) for item in tree] if isinstance(tree, list) else tree


def _dry_run(api: Api, manifest: Tree, ignored: Sequence[str]) -> Tree:
    """Ask the server what would come of it.

    Nobody knows where the namespace is yet to be made, the server is silent, or who asks may not (provider.go, Create
    and Update: a preview goes on where it is forbidden).
    """
    try:
        return api.apply(without_ignored(api, manifest, ignored), dry_run=True)
    except ApiError as error:
        if error.status in (UNREACHED, 403, 404):
            return manifest
        raise


def _is_set(setting: Any) -> bool:
    """Tell whether a setting is on; the SDK sends it as JSON."""
    return setting in (True, "true")


def _is_there(kubeconfig: str) -> bool:
    """Tell whether there is a kubeconfig; it may be given as its text, too."""
    return "\n" in kubeconfig or Path(kubeconfig).exists()


def _places(request: Any) -> tuple[str, ...]:
    """Name the inputs whose change needs another object."""
    return ("name", "namespace") if _is_release(request) else ("apiVersion", "kind", "metadata")


def _place(manifest: Tree, key: str) -> Any:
    value = manifest.get(key)
    return (value.get("namespace"), value.get("name")) if isinstance(value, dict) else value


def _type(request: Any) -> str:
    return str(request.urn).split("::")[2].rpartition("$")[2]


def _is_release(request: Any) -> bool:
    return _type(request) == releases.TYPE


def _asked(request: Any) -> Tree:
    """Give the place of an object that a program reads without declaring it, by its type and id."""
    _, version, kind = _type(request).split(":")
    namespace, _, name = str(request.id).rpartition("/")
    return {
        "apiVersion": version.removeprefix("core/"),
        "kind": kind,
        "metadata": {"name": name, **({"namespace": namespace} if namespace else {})},
    }


def _as_declared(declared: Any, found: Any) -> Any:
    """Give what is there in those fields that were declared: the rest belongs to others."""
    if isinstance(declared, dict) and isinstance(found, dict):
        return {key: _as_declared(value, found[key]) for key, value in declared.items() if key in found}
    if isinstance(declared, list) and isinstance(found, list) and len(declared) == len(found):
        return [_as_declared(*pair) for pair in zip(declared, found, strict=True)]
    return found


class _Status(grpc.Status):
    def __init__(self, text: str, detail: Any) -> None:
        self.code, self.details = grpc.StatusCode.UNKNOWN, text
        status = status_pb2.Status(code=self.code.value[0], message=text)
        status.details.add().Pack(detail)
        self.trailing_metadata = (("grpc-status-details-bin", status.SerializeToString()),)


def _failed(id: str, found: Tree, manifest: Tree, reason: str) -> _Status:
    detail = provider_pb2.ErrorResourceInitFailed(
        id=id, properties=to_wire(found), reasons=[reason], inputs=to_wire(manifest)
    )
    return _Status(reason, detail)


def main() -> None:
    """Serve until the engine is gone."""
    parent = os.getppid()
    server = grpc.server(ThreadPoolExecutor(64))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Plugin(sys.argv[-1]), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    while os.getppid() == parent:
        time.sleep(0.1)
    os._exit(0)


if __name__ == "__main__":
    main()
