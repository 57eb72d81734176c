"""A command in the place of an image: how this machine runs a node that a cluster runs from an image. Pure.

It is told what Seldon's operator tells a container: ports, parameters and names as ``PREDICTIVE_UNIT_…``. It may have
the same in its words, by the placeholders of :data:`PLACEHOLDERS`. Read in ``operator/controllers`` of
SeldonIO/seldon-core 1.17.1 (``seldondeployment_controller.go``, ``mlserver.go``).
"""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING

from seldon_infra.servers.entry import PORTS
from seldon_infra.servers.layout import BARE, LocalProcess, Named, filled, filler, of_node, own_environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seldon_infra.servers.layout import Node
    from seldon_infra.servers.spec import ContainerServer, Protocol

PLACEHOLDERS = ("port.http", "port.grpc", "port.metrics", "model", "source", "dir", "name", "deployment", "predictor")
"""What a command's words may hold in braces."""
DRAIN_SECONDS = 30.0
"""How long it may take to finish open requests after SIGTERM."""
_READY: Mapping[Protocol, str] = {
    "seldon": "/health/status",
    "v2": "/v2/models/{name}/ready",
    "tensorflow": "/v1/models/{name}",
}
_LIVE: Mapping[Protocol, str] = {"seldon": "/health/ping", "v2": "/v2/health/live", "tensorflow": "/v1/models/{name}"}
_ENVIRONMENT = {
    "PREDICTIVE_UNIT_SERVICE_PORT": "{port.http}",
    "PREDICTIVE_UNIT_HTTP_SERVICE_PORT": "{port.http}",
    "PREDICTIVE_UNIT_GRPC_SERVICE_PORT": "{port.grpc}",
    "PREDICTIVE_UNIT_METRICS_SERVICE_PORT": "{port.metrics}",
    "PREDICTIVE_UNIT_METRICS_ENDPOINT": "/prometheus",
    "PREDICTIVE_UNIT_ID": "{name}",
    "PREDICTIVE_UNIT_PARAMETERS": "{parameters.seldon}",
    "PREDICTOR_ID": "{predictor}",
    "SELDON_DEPLOYMENT_ID": "{deployment}",
}
_V2_ENVIRONMENT = {
    "MLSERVER_HTTP_PORT": "{port.http}",
    "MLSERVER_GRPC_PORT": "{port.grpc}",
    "MLSERVER_MODEL_NAME": "{name}",
    "MLSERVER_MODEL_URI": "{model}",
}
"""What the operator adds on protocol v2, whatever the image is."""


class Spoken(Named, typing.Protocol):
    """A deployment, which speaks a protocol."""

    @property
    def protocol(self) -> Protocol:
        """The protocol."""


def command_process(server: ContainerServer, node: Node, deployment: Spoken, predictor: Named) -> LocalProcess:
    """Say what runs a node by the command that stands for its image."""
    protocol = deployment.protocol
    source = None if server.source is None else "{source}"
    fill = filler({**of_node(node, deployment, predictor), "source": source})
    told = {**_ENVIRONMENT, **(_V2_ENVIRONMENT if protocol == "v2" else {})}
    return LocalProcess(
        command=[word for word in map(fill, map(str, server.local_command)) if word is not None],
        environment={**BARE, **filled(told, fill), **own_environment(node)},
        files={},
        links={},
        ports=PORTS,
        ready={"kind": "http", "port": "http", "path": fill(_READY[protocol]) or "/"},
        live={"port": "http", "path": fill(_LIVE[protocol]) or "/"},
        grace_seconds=DRAIN_SECONDS + 5,
    )
