"""The catalogue of model servers: folders of ``servers/``, each with ``server.toml``, a lock file and ``files/``.

Adding a server is adding a folder. One that says ``extends = "NAME"`` has what it does not say itself, and the files,
of the server NAME: only kinds and packages are its own. ``python -m seldon_infra.servers.catalogue install NAME …``
makes environments.
"""

from __future__ import annotations

import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seldon_infra.core.errors import InvalidSpec, PartNotFound, SeldonInfraError
from seldon_infra.core.problems import Problem
from seldon_infra.servers.command import Spoken, command_process
from seldon_infra.servers.entry import FILES, CatalogueEntry, Get, Image, Kind, Start
from seldon_infra.servers.install import environment, environment_path, is_made
from seldon_infra.servers.layout import LocalProcess, Named, Node, local_process
from seldon_infra.servers.spec import ContainerServer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seldon_infra.servers.spec import Server

ENTRY_FILE = "server.toml"
BESIDE_FILE = "beside.toml"
"""The same for what serves no models: what explains a predictor's answers, what watches its requests."""
_PACKAGE = Path(__file__).parent.parent
_FOLDERS = (_PACKAGE / "_servers", _PACKAGE.parent / "servers")
"""Where the catalogue is: in the package that was installed, else in the checkout."""


def names() -> tuple[str, ...]:
    """List the servers of the catalogue, in the order of the alphabet."""
    return tuple(sorted(file.parent.name for file in _folder().glob(f"*/{ENTRY_FILE}")))


@cache
def load(name: str) -> CatalogueEntry:
    """Read one server's entry.

    Raises:
        PartNotFound: the catalogue has no such server.
        InvalidSpec: its ``server.toml`` is not what it should be; all that is wrong at once.
    """
    candidates = [_folder() / name / file for file in (ENTRY_FILE, BESIDE_FILE)]
    file = next((each for each in candidates if each.is_file()), None)
    if file is None:
        raise PartNotFound(f"model server '{name}'", f"the catalogue has: {', '.join(names())}")
    return read(file)


def read(file: Path) -> CatalogueEntry:
    """Read a ``server.toml`` from wherever it is; what it builds on lies in a folder beside its own.

    Raises:
        InvalidSpec: it is not what it should be; all that is wrong at once.
    """
    content = _content(file)
    if "extends" in content:
        below = _extended(file, content["extends"])
        content = {**_on_top(_content(below), content), "shared": below.parent / FILES}
    return CatalogueEntry(name=file.parent.name, folder=file.parent, **content)


def _content(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        problem = Problem(f"server '{file.parent.name}'", ENTRY_FILE, "must be TOML", str(error))
        raise InvalidSpec([problem]) from None


def _extended(file: Path, name: object) -> Path:
    """Find the entry that another one builds on; that one stands on its own."""
    below = file.parent.parent / str(name) / ENTRY_FILE
    if below.is_file() and "extends" not in _content(below):
        return below
    alone = sorted(
        other.parent.name for other in file.parent.parent.glob(f"*/{ENTRY_FILE}") if "extends" not in _content(other)
    )
    fix = f"there are: {', '.join(alone)}"
    want = "must name a server that extends no other"
    raise InvalidSpec([Problem(f"server '{file.parent.name}'", f"extends '{name}'", want, fix)])


def _on_top(below: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Lay an entry over the one that it builds on, whose kinds stay its own."""
    shared = {key: value for key, value in below.items() if key != "kinds"}
    both = {
        key: {**shared[key], **value} if isinstance(value, dict) and key in shared else value
        for key, value in own.items()
    }
    return {**shared, **both}


def process(server: Server, node: Node, deployment: Spoken, predictor: Named) -> LocalProcess:
    """Say what runs a node on this machine; nothing in the node is an Output any more.

    Raises:
        PartNotFound: no server of the catalogue can run it.
    """
    if isinstance(server, ContainerServer) and server.local_command:
        return command_process(server, node, deployment, predictor)
    if server.folder is None:
        raise PartNotFound(
            f"a server for {type(server).__name__}", f"the catalogue has: {', '.join(names())}; use one, or a cluster"
        )
    return local_process(load(server.folder), server, node, deployment, predictor)


def _folder() -> Path:
    found = next((folder for folder in _FOLDERS if folder.is_dir()), None)
    if found is None:
        raise PartNotFound("the catalogue of model servers", "install seldon-infra anew")
    return found


def main(arguments: Sequence[str]) -> int:
    """Make the environments of the servers that ``install`` names."""
    if len(arguments) < 2 or arguments[0] != "install":
        print("usage: python -m seldon_infra.servers.catalogue install NAME …", file=sys.stderr)
        return 2
    try:
        for name in arguments[1:]:
            environment(load(name))
    except SeldonInfraError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


__all__ = [
    "CatalogueEntry",
    "Get",
    "Image",
    "Kind",
    "LocalProcess",
    "Start",
    "environment",
    "environment_path",
    "is_made",
    "load",
    "names",
    "process",
    "read",
]

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
