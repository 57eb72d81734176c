"""Gives a server's environment packages of Debian's: their Python modules, and a Python that finds their libraries.

They are unpacked once per machine for all servers that have the same. The modules are found by a path file, after the
environment's own. The libraries are found only by what is started as ``python-with-debian``: every other process of the
server has the machine's.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from seldon_infra.core import debian
from seldon_infra.core.errors import PartNotFound
from seldon_infra.core.file_lock import held
from seldon_infra.core.paths import cache_dir

if TYPE_CHECKING:
    from seldon_infra.servers.entry import CatalogueEntry, Debian

PYTHON = "python-with-debian"
"""Program of the environment that starts its Python with the libraries."""
WAIT_SECONDS = 3600.0
"""How long to wait for another run that fetches the same."""
_FIX = "use a machine or a container with Debian 12, or serve the model on a cluster"
MODULES = "usr/lib/python3/dist-packages"
_START = """#!/bin/sh
LD_LIBRARY_PATH="{libraries}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}" exec "{python}" "$@"
"""

Step = Callable[[str, Sequence[str], "CatalogueEntry"], None]


def add_packages(entry: CatalogueEntry, asked: Debian, environment: Path, step: Step) -> None:
    """Fetch the packages, lead an environment to them and see that their module loads.

    Raises:
        PartNotFound: this machine has no apt, or its packages are for another Python.
    """
    tree = _tree(asked.packages)
    with held(tree.with_suffix(".lock"), f"{asked.packages[0]} of Debian's", WAIT_SECONDS, _say):
        if not tree.is_dir():
            if not debian.has_apt():
                raise PartNotFound(f"apt, which fetches {asked.packages[0]} for server '{entry.name}',", _FIX)
            debian.unpack(asked.packages, tree, lambda what, command: step(what, command, entry))
    python = environment / "bin" / PYTHON
    _write_python(python, tree)
    site = next(environment.glob("lib/python*/site-packages"))
    (site / "debian.pth").write_text(f"{tree / MODULES}\n", encoding="utf-8")
    try:
        step(f"importing {asked.imports}", [str(python), "-c", f"import {asked.imports}"], entry)
    except PartNotFound as error:
        wanted = f"a package {asked.packages[0]} for Python {entry.python}"
        raise PartNotFound(wanted, f"{_FIX}:\n{error}") from None


def _tree(packages: Sequence[str]) -> Path:
    """Say where packages are or will be: once for all servers that have the same."""
    folder = cache_dir() / "debian"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / hashlib.sha256("\n".join(packages).encode()).hexdigest()[:12]


def _write_python(file: Path, tree: Path) -> None:
    text = _START.format(libraries=os.pathsep.join(map(str, _libraries(tree))), python=file.with_name("python"))
    file.write_text(text, encoding="utf-8")
    file.chmod(0o755)


def _libraries(tree: Path) -> list[Path]:
    """Give the folders of libraries; first openblas's, the fastest of those that stand for one another."""
    places = ("", "*-linux-gnu/", "*-linux-gnu/*/")
    found = [file.parent for place in places for root in ("", "usr/") for file in tree.glob(f"{root}lib/{place}*.so.*")]
    return sorted(set(found), key=lambda folder: ("openblas" not in folder.name, str(folder)))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
