"""The plugin `seldon-components`: the library's Stack for programs in YAML, TypeScript, Go and every other language.

Pulumi runs this folder by its PulumiPlugin.yaml. A definition arrives as plain data and becomes the typed one, so it is
held to the same rules and declares the same resources as a Python program's.
"""

# Annotations are evaluated as they stand: the SDK makes the package's schema from them.

import asyncio
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn, TypedDict

import grpc
import pulumi
from pulumi.provider import ConstructResult
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.server import ComponentInitError, ProviderServicer
from pulumi.runtime import proto
from pulumi.runtime.proto import provider_pb2_grpc
from pydantic.alias_generators import to_camel

from seldon_infra import SeldonInfraError
from seldon_infra import Stack as Definition
from seldon_infra.core.plain import as_data, read
from seldon_infra.stack import find_project
from seldon_infra.targets import declare

PACKAGE = "seldon-components"
MOST_BYTES = 400 * 1024 * 1024
PARENT_CHECK_SECONDS = 0.25


class StackArgs(TypedDict):
    """What a Stack takes; the SDK knows no unions, so what is below the first level has no type of its own here."""

    target: pulumi.Input[Any]
    """Where the deployments land: `type: Local` or `type: Kubernetes`, and their fields."""
    deployments: pulumi.Input[list[pulumi.Input[Any]]]
    """What is served: SeldonDeployments with the fields of the Python library in camelCase."""


class Stack(pulumi.ComponentResource):
    """Everything that serves one environment's models: where it lands and what is deployed there; one per program."""

    urls: pulumi.Output[dict[str, str]]
    """Deployment's name to the URL below which it answers REST."""
    grpc_endpoints: pulumi.Output[dict[str, str]]
    """Deployment's name to the address where it answers gRPC."""
    cluster: pulumi.Output[dict[str, str]]
    """Of a cluster on AWS that the stack makes: its `kubeconfig`, `name`, `endpoint` and `oidcIssuer`."""

    def __init__(self, name: str, args: StackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(f"{PACKAGE}:index:Stack", name, {}, opts)
        definition = read(Definition, {key: whole_numbers(value) for key, value in args.items()})
        definition.require_valid()
        # The engine starts the plugin in the program's folder.
        project = find_project(Path.cwd())
        landed = declare(definition.target, definition.deployments, project, pulumi.ResourceOptions(parent=self))
        declared = landed.components
        urls: dict[str, Any] = {name: each.url for name, each in declared.items()}
        grpc_endpoints: dict[str, Any] = {name: each.grpc_endpoint for name, each in declared.items()}
        self.urls, self.grpc_endpoints = pulumi.Output.from_input(urls), pulumi.Output.from_input(grpc_endpoints)
        made: dict[str, Any] = {to_camel(name.removeprefix("cluster_")): it for name, it in landed.outputs.items()}
        self.cluster = pulumi.Output.from_input(made)
        self.register_outputs({"urls": self.urls, "grpcEndpoints": self.grpc_endpoints, "cluster": self.cluster})


def whole_numbers(value: Any) -> Any:
    """Make integers of whole numbers: on the wire to a plugin, every number is a float."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case Mapping():
            return {key: whole_numbers(item) for key, item in value.items()}
        case list():
            return [whole_numbers(item) for item in value]
        case pulumi.Output():
            return value.apply(whole_numbers)
    return value


class Components(ComponentProvider):
    """Constructs components; a mistake in a definition is no failure of theirs, so it comes without a traceback."""

    def construct(
        self, name: str, resource_type: str, inputs: pulumi.Inputs, options: pulumi.ResourceOptions | None = None
    ) -> ConstructResult:
        """Construct one component."""
        try:
            return super().construct(name, resource_type, inputs, options)
        except ComponentInitError as error:
            if isinstance(error.inner, SeldonInfraError):
                raise pulumi.RunError(str(error)) from None
            raise


class Servicer(ProviderServicer):
    """Answers the engine, which then prints what a user can act on as it stands."""

    async def Construct(
        self, request: proto.ConstructRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> proto.ConstructResponse:
        """Construct one component with all that it declares; values that are known late may turn out wrong here."""
        try:
            return await super().Construct(request, context)
        except pulumi.RunError as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, as_data(str(error)))


async def serve(provider: ComponentProvider, engine: str) -> NoReturn:
    """Serve until the engine is gone, or the language host between us, which goes with the engine."""
    parent = os.getppid()
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", MOST_BYTES)])
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Servicer(provider, [], engine), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    while os.getppid() == parent:
        await asyncio.sleep(PARENT_CHECK_SECONDS)
    os._exit(0)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(Components([Stack], PACKAGE, version=version("seldon-infra")), sys.argv[1]))
