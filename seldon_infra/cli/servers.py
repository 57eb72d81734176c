"""List the model servers: version, classes, protocols, where each runs, GPU, licence, image, models.

On this machine a server of the catalogue runs in an environment of its own; on a cluster the image that stands for it
does: Seldon's prepackaged one, one that the library names, or yours. Some are for clusters alone.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from seldon_infra.core.tables import columns
from seldon_infra.graph.expand.chart import SERVERS
from seldon_infra.servers import bandits as bandits  # its servers are among those that are listed
from seldon_infra.servers import catalogue
from seldon_infra.servers.spec import Server

FORMATS = ("table", "json")
CLUSTER = "cluster"
HEAD = ["SERVER", "VERSION", "CLASSES", "PROTOCOLS", "RUNS ON", "GPU", "LICENCE", "IMAGE", "MODEL_URI HOLDS"]


@dataclass(frozen=True)
class Listed:
    """What is said of one server; the fields are those of the JSON."""

    name: str
    version: str
    classes: list[str]
    """Typed servers that it runs."""
    protocols: list[str]
    transports: list[str]
    runs_on: list[str]
    """``local`` where the catalogue has it; ``cluster``, or ``cluster with your image`` where there is none for it."""
    gpu: bool
    licence: str
    image: str | None
    digest: str | None
    model_uri: str
    installed: bool
    """Whether this machine has its environment already."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--format", choices=FORMATS, default="table", help="how it is printed (default: table)")


def run(arguments: argparse.Namespace) -> int:
    """Print the catalogue, in the order of the alphabet, then what clusters have beside it."""
    servers = [*(_listed(catalogue.load(name)) for name in catalogue.names()), *_on_clusters_alone()]
    if arguments.format == "json":
        print(json.dumps([asdict(server) for server in servers], indent=1))
    else:
        print(*columns(HEAD, [_row(server) for server in servers]), sep="\n")
    return 0


def _listed(entry: catalogue.CatalogueEntry) -> Listed:
    on_cluster = _on_cluster(entry)
    image = entry.image if on_cluster == CLUSTER else None
    return Listed(
        name=entry.name,
        version=entry.version,
        classes=[name for kind, name in _classes().items() if kind in entry.kinds],
        protocols=list(entry.protocols),
        transports=list(entry.transports),
        runs_on=["local", on_cluster],
        gpu=entry.gpu,
        licence=entry.licence,
        image=image.reference if image else None,
        digest=image.digest if image else None,
        model_uri=entry.model_uri,
        installed=catalogue.is_made(entry),
    )


def _on_cluster(entry: catalogue.CatalogueEntry) -> str:
    """Say how it runs on a cluster: its classes know whether the image is Seldon's, the library's or nobody's."""
    classes = [kind for kind in _typed() if kind.model_fields["kind"].default in entry.kinds]
    return CLUSTER if any(_has_image(kind) for kind in classes) else f"{CLUSTER} with your image"


def _has_image(kind: type[Server]) -> bool:
    image = kind.model_fields.get("image")
    return kind.implementation is not None or (image is not None and image.default is not None)


def _on_clusters_alone() -> Iterator[Listed]:
    """What Seldon's operator has prepackaged and the catalogue has not, with the image of its chart."""
    for kind in _typed():
        for protocol, image in SERVERS[str(kind.implementation)].items() if _is_for_clusters(kind) else ():
            yield Listed(
                name=str(kind.model_fields["kind"].default),
                version=image.rpartition(":")[2].partition("-")[0],
                classes=[kind.__name__],
                protocols=[protocol],
                transports=["rest", "grpc"],
                runs_on=[CLUSTER],
                gpu=False,
                licence="Apache-2.0",
                image=image,
                digest=None,
                model_uri="what its MLServer runtime reads" if kind.needs_model_uri else "a model folder; or none",
                installed=False,
            )


def _is_for_clusters(kind: type[Server]) -> bool:
    return kind.catalogue is None and kind.implementation is not None


def _typed() -> list[type[Server]]:
    """The typed servers, but for those that only say what their kinds share."""
    return [kind for kind in Server.__subclasses__() if "kind" in kind.model_fields]


def _classes() -> dict[str, str]:
    """Names of the typed servers by their kind."""
    return {kind.model_fields["kind"].default: kind.__name__ for kind in _typed()}


def _row(server: Listed) -> list[str]:
    return [
        server.name,
        server.version,
        ", ".join(server.classes) or "-",
        f"{', '.join(server.protocols)} ({', '.join(server.transports)})",
        ", ".join(server.runs_on),
        "image" if server.gpu else "no",
        server.licence,
        _image(server),
        server.model_uri,
    ]


def _image(server: Listed) -> str:
    if server.image is None:
        return "yours"
    return f"{server.image}@{server.digest}" if server.digest else f"{server.image} (by tag)"
