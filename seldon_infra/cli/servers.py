"""List the model servers of the catalogue: version, classes, protocols, where each runs, GPU, licence, image, models.

On this machine a server runs in an environment of its own; on a cluster the image that stands for it does.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass

from seldon_infra.core.tables import columns
from seldon_infra.servers import catalogue
from seldon_infra.servers.spec import Server

FORMATS = ("table", "json")
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
    """``local``, and ``cluster`` where an image stands for it or the user brings one."""
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
    """Print the catalogue, in the order of the alphabet."""
    servers = [_listed(catalogue.load(name)) for name in catalogue.names()]
    if arguments.format == "json":
        print(json.dumps([asdict(server) for server in servers], indent=1))
    else:
        print(*columns(HEAD, [_row(server) for server in servers]), sep="\n")
    return 0


def _listed(entry: catalogue.CatalogueEntry) -> Listed:
    return Listed(
        name=entry.name,
        version=entry.version,
        classes=[name for kind, name in _classes().items() if kind in entry.kinds],
        protocols=list(entry.protocols),
        transports=list(entry.transports),
        runs_on=["local", "cluster"],
        gpu=entry.gpu,
        licence=entry.licence,
        image=entry.image.reference if entry.image else None,
        digest=entry.image.digest if entry.image else None,
        model_uri=entry.model_uri,
        installed=catalogue.is_made(entry),
    )


def _classes() -> dict[str, str]:
    """Names of the typed servers by their kind."""
    return {kind.model_fields["kind"].default: kind.__name__ for kind in Server.__subclasses__()}


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
