"""Outside judges of what is rendered: scanners that know nothing of this library, kept in the cache by version.

checkov and kubernetes-validate have an environment of their own, for their requirements clash with the library's.
kube-score and the restricted Pod Security Standard, as an API server's admission reads it, are Go programs.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from pathlib import Path

from seldon_infra.core.paths import cache_dir
from toolchain.console import run
from toolchain.go_build import GoProgram, build_once, move_into_place, only_one

HERE = Path(__file__).parent
LOCK = HERE / "requirements.lock"
KUBE_SCORE = GoProgram(
    "kube-score", "1.20.0", HERE / "kube_score", ("github.com/zegl/kube-score/cmd/kube-score",), "-s -w", 1
)
POD_SECURITY = GoProgram("pod-security", "0.37.2", HERE / "pod_security", (".",), "-s -w", 1)
PROGRAMS = (KUBE_SCORE, POD_SECURITY)
INSTALL_TIMEOUT_SECONDS = 1800


def provide(environment: Path) -> None:
    """Make what is not in the cache yet."""
    for part in PROGRAMS:
        build_once(part, environment, _folder(part))
    target = _scanners()
    with only_one(target.parent, "scanners"):
        if not target.is_dir():
            _install(environment / "bin" / "uv", target)


def is_provided() -> bool:
    """Tell whether everything is in the cache."""
    return _scanners().is_dir() and all(_folder(part).is_dir() for part in PROGRAMS)


def program(name: str) -> Path:
    """Give the executable of one of ``checkov``, ``kubernetes-validate``, ``kube-score``, ``pod-security``."""
    for part in PROGRAMS:
        if part.name == name:
            return _folder(part) / name
    return _scanners() / "bin" / name


def _install(uv: Path, target: Path) -> None:
    """Install the scanners beside their place, then move them there: their scripts name the place, so it is told."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".install-") as folder:
        made = Path(folder, "made")
        quiet = os.environ | {"UV_NO_PROGRESS": "1"}
        make: list[str | Path] = [uv, "venv", "--quiet", "--relocatable", "--python", sys.executable, made]
        run("making the environment of the scanners", make, timeout=300, env=quiet)
        install: list[str | Path] = [uv, "pip", "install", "--quiet", "--python", made / "bin" / "python"]
        name = "installing the scanners checkov and kubernetes-validate"
        options: list[str | Path] = ["--compile-bytecode", "--require-hashes", "--requirements", LOCK]
        run(name, [*install, *options], timeout=INSTALL_TIMEOUT_SECONDS, env=quiet)
        move_into_place(made, target)


def _scanners() -> Path:
    return cache_dir() / "judges" / "scanners" / hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]


def _folder(part: GoProgram) -> Path:
    return cache_dir() / "judges" / part.name / part.version
