"""Debian's packages in a folder of their own, with what they need and this machine lacks. The standard library only.

Nothing is installed: apt keeps its lists in a folder that goes afterwards, and needs no rights for what it only
fetches. What it fetches it checks against Debian's signatures.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

Step = Callable[[str, Sequence[str]], None]
"""Runs a command, which has a name for messages; raises where it fails."""
_UNPACK = 'cd "$0"; for package in archives/*.deb; do dpkg-deb --extract "$package" "$1" || exit 1; done'


def has_apt() -> bool:
    """Tell whether this machine can fetch and unpack packages."""
    return shutil.which("apt-get") is not None and shutil.which("dpkg-deb") is not None


def unpack(packages: Sequence[str], target: Path, step: Step, part: str = ".") -> None:
    """Unpack packages and what they need, and put a part of their tree in its place in one move.

    Args:
        packages: their names.
        target: where the part will be; its folder is there.
        step: runs commands.
        part: folder of the tree that is kept. Default: all of it.
    """
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetch-") as name:
        _fill(packages, Path(name) / "tree", Path(name), step)
        (Path(name) / "tree" / part).rename(target)


def _fill(packages: Sequence[str], tree: Path, folder: Path, step: Step) -> None:
    for part in ("lists/partial", "archives/partial"):
        (folder / part).mkdir(parents=True)
    places = (f"Dir::State::Lists={folder}/lists", f"Dir::Cache={folder}", "Debug::NoLocking=1")
    apt = ["apt-get", "-q", "-y", *(word for place in places for word in ("-o", place))]
    step("asking for Debian's packages", [*apt, "update"])
    # One that is installed would be left out.
    only = ["--no-install-recommends", "--reinstall", "--download-only", "install"]
    step(f"fetching {packages[0]}", [*apt, *only, *packages])
    step(f"unpacking {packages[0]}", ["/bin/sh", "-c", _UNPACK, str(folder), str(tree)])
