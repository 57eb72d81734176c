"""`python -m toolchain.setup run|demo|test|lock`: give this checkout what it needs, and do nothing if it has it.

`run` is for using the stacks, `demo` for all that stack `local` can show, `test` for developing as well, `lock` for
writing lock files alone. Steps, each with a stamp so that it is done once per change: the environment `.venv` from the
lock file, this checkout's bytecode, the Pulumi CLI and its language hosts, the model servers, for the demo Prometheus,
and for tests a Kubernetes control plane, Helm, the judges of what is rendered, a browser, a registry, Kafka, and stores
of models with rclone, which reads them.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from seldon_infra.core.errors import SeldonInfraError
from seldon_infra.core.paths import cache_dir
from seldon_infra.monitoring import install as prometheus
from toolchain import (
    azurite,
    chromium,
    control_plane,
    fake_gcs,
    helm,
    judges,
    kafka,
    pulumi_cli,
    pulumi_yaml,
    rclone,
    registry,
)
from toolchain.console import SetupFailed, run, run_shown, say

ROOT = Path(__file__).parent.parent
ENVIRONMENT = ROOT / ".venv"
BIN = ENVIRONMENT / "bin"
STAMPS = ENVIRONMENT / "stamps"
SHIMS = ROOT / "toolchain" / "bin"
DEVELOPMENT = ROOT / "requirements-dev.lock"
LOCKS = {"run": ROOT / "requirements.lock", "demo": DEVELOPMENT, "test": DEVELOPMENT}
PURPOSES = (*LOCKS, "lock")
SERVERS = ROOT / "servers"
LOADED = ("seldon_infra", "stacks", "toolchain")
SERVERS_OF_STACK_LOCAL = ("mlserver", "triton")
SERVERS_OF = {"run": SERVERS_OF_STACK_LOCAL, "demo": (*SERVERS_OF_STACK_LOCAL, "alibi", "detect")}
OFFLINE = "Is the network there? Another package index is taken from UV_DEFAULT_INDEX or uv's and pip's configuration."
EDITABLE = ("--no-deps", "--no-build-isolation", "--editable")
INSTALL_TIMEOUT_SECONDS = 1800
COMPILE_TIMEOUT_SECONDS = 120
SERVERS_TIMEOUT_SECONDS = 3600


def main(arguments: list[str]) -> int:
    """Run the steps for what was asked; a failure is one message, not a traceback."""
    purpose = arguments[0] if arguments else "run"
    if purpose not in PURPOSES:
        print(f"no set-up named {purpose!r}: one of {', '.join(PURPOSES)}", file=sys.stderr)
        return 2
    try:
        _set_up(purpose)
    except SetupFailed as failure:
        say(str(failure))
        return 1
    except OSError as error:
        say(_words(error))
        return 1
    except KeyboardInterrupt:
        say("stopped; run it again to go on")
        return 130
    return 0


def _words(error: OSError) -> str:
    """Say which file or folder the system refused, and what to do."""
    place = Path(error.filename) if isinstance(error.filename, str) else ROOT
    cache = cache_dir()
    if cache in (place, *place.parents) or place in cache.parents:
        fix = f"the cache folder is {cache}: let SELDON_INFRA_CACHE name a folder of yours with some GB free"
    else:
        fix = "make it yours, with some GB free, and run it again"
    return f"{place}: {error.strerror or error}; {fix}"


def _set_up(purpose: str) -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - the user's choice of Python, not ours
        raise SetupFailed(f"this needs Python 3.11 or newer, not {sys.version.split()[0]}: make PYTHON=python3.11 …")
    make_environment()
    if purpose == "lock":
        return
    install_packages(purpose)
    install_project()
    compile_project()
    place_pulumi()
    if purpose == "test":
        place_yaml_host()
    make_model_servers(purpose)
    if purpose != "run":
        make_prometheus()
    if purpose == "test":
        control_plane.provide(ENVIRONMENT)
        helm.provide(ENVIRONMENT)
        judges.provide(ENVIRONMENT)
        chromium.provide()
        registry.provide(ENVIRONMENT)
        kafka.provide()
        fake_gcs.provide(ENVIRONMENT)
        rclone.provide(ENVIRONMENT)
        azurite.provide()


def make_prometheus() -> None:
    """Fetch Prometheus, if this machine has none."""
    try:
        prometheus.provide()
    except SeldonInfraError as error:
        raise SetupFailed(str(error)) from None


def make_environment() -> None:
    """Make `.venv` with the pinned uv in it, anew where the checkout has been moved."""
    if _is_fresh("place", str(ENVIRONMENT)) and (BIN / "uv").exists() and (BIN / "python").exists():
        return
    pin = uv_pin()
    try:
        run("making .venv", [sys.executable, "-m", "venv", "--clear", ENVIRONMENT], timeout=300)
    except SetupFailed as failure:
        raise SetupFailed(f"{failure}\nOn Debian and Ubuntu: apt install python3.11-venv") from None
    install = ["-m", "pip", "install", "--quiet", pin]
    run(f"installing {pin}", [BIN / "python", *install], timeout=600, advice=OFFLINE)
    _renew("place", str(ENVIRONMENT))


def uv_pin() -> str:
    """Return uv's line of the lock file, `uv==…`: the tool that installs is pinned like what it installs."""
    found = re.search(r"^uv==\S+", LOCKS["run"].read_text(), re.MULTILINE)
    if not found:
        raise SetupFailed(f"{LOCKS['run'].name} has no line for uv: run `make lock`")
    return found[0]


def install_packages(purpose: str) -> None:
    """Make the environment what the lock file says; one set up for more serves for less as well."""
    if any(_is_fresh(name, _digest(LOCKS[name])) for name in {purpose, "demo", "test"}):
        return
    lock = LOCKS[purpose]
    command: list[str | Path] = [BIN / "uv", "pip", "sync", "--python", BIN / "python", "--require-hashes", lock]
    # Importing the Pulumi SDK takes three times as long where there is no bytecode and none can be written.
    command.append("--compile-bytecode")
    run(f"installing {lock.name} into .venv", command, timeout=INSTALL_TIMEOUT_SECONDS, env=_quiet_uv(), advice=OFFLINE)
    for other in (*LOCKS, "project"):
        _stamp(other).unlink(missing_ok=True)
    _renew(purpose, _digest(lock))


def install_project() -> None:
    """Install this checkout itself, editable, so that its commands are in `.venv/bin`."""
    digest = _digest(ROOT / "pyproject.toml")
    if _is_fresh("project", digest):
        return
    command: list[str | Path] = [BIN / "uv", "pip", "install", "--python", BIN / "python", *EDITABLE, ROOT]
    run("installing seldon_infra into .venv", command, timeout=300, env=_quiet_uv())
    _renew("project", digest)


def compile_project() -> None:
    """Compile what each `pulumi` command loads from this checkout; what is compiled and unchanged takes no time.

    Where PYTHONDONTWRITEBYTECODE is set, as in many images, every process of a command would compile it anew. A file
    that cannot be compiled is told by the command that loads it.
    """
    command: list[str | Path] = [BIN / "python", "-m", "compileall", "-q", *(ROOT / name for name in LOADED)]
    with suppress(subprocess.TimeoutExpired):
        subprocess.run(command, stdout=subprocess.DEVNULL, timeout=COMPILE_TIMEOUT_SECONDS)


def place_pulumi() -> None:
    """Put a Pulumi CLI and its language host into `.venv/pulumi`, and the shim for stack `local` into `.venv/bin`."""
    place = ENVIRONMENT / "pulumi"
    digest = _digest(Path(__file__), Path(pulumi_cli.__file__), *sorted(SHIMS.iterdir()))
    if _is_fresh("pulumi", digest) and _is_still_good(place):
        return
    cli = pulumi_cli.provide(ENVIRONMENT)
    link_pulumi(cli, place)
    shutil.copy2(SHIMS / "pulumi", BIN / "pulumi")
    _renew("pulumi", digest)


def place_yaml_host() -> None:
    """Give a Pulumi CLI that came alone the YAML host as a neighbour; official ones have theirs."""
    place = ENVIRONMENT / "pulumi"
    host = place / pulumi_yaml.HOST
    digest = _digest(Path(pulumi_yaml.__file__))
    if place.is_symlink() or (_is_fresh("pulumi-yaml", digest) and host.exists()):
        return
    host.unlink(missing_ok=True)
    _link(pulumi_yaml.provide(ENVIRONMENT), host)
    _renew("pulumi-yaml", digest)


def _is_still_good(place: Path) -> bool:
    """Whether the CLI that was placed serves; one that only is linked may have been upgraded or removed since."""
    cli = place / "pulumi"
    return pulumi_cli.is_good(cli) if place.is_symlink() or cli.is_symlink() else cli.exists()


def make_model_servers(purpose: str) -> None:
    """Make the environments of the model servers that are needed; the catalogue says how, and shows its progress."""
    entries = sorted([*SERVERS.glob("*/server.toml"), *SERVERS.glob("*/beside.toml")])
    names = [entry.parent.name for entry in entries]
    names = [name for name in names if name in SERVERS_OF.get(purpose, names)]
    kept = cache_dir() / "servers"
    digest = _digest(*(file for name in names for file in sorted((SERVERS / name).glob("*.*"))))
    if not names or (all((kept / name).is_dir() for name in names) and _is_fresh(f"servers-{purpose}", digest)):
        return
    command: list[str | Path] = [BIN / "python", "-m", "seldon_infra.servers.catalogue", "install", *names]
    run_shown(f"making the model servers {', '.join(names)}", command, timeout=SERVERS_TIMEOUT_SECONDS, cwd=ROOT)
    _renew(f"servers-{purpose}", digest)


def link_pulumi(cli: Path, place: Path) -> None:
    """Use an official installation where it is; give a CLI that came alone our language host as a neighbour.

    The engine trusts a language host beside its own executable and warns of one found on PATH, so the executable is
    linked into the checkout's folder (copied where the cache is on another disk). A program that stands for many, as
    mise's and snap's do, must keep the name by which it is called: it gets a link.
    """
    _remove(place)
    real = cli.resolve()
    stands_for_many = not pulumi_cli.is_good(real)
    if not stands_for_many and (real.parent / "pulumi-language-python").exists():
        place.symlink_to(real.parent)
        return
    place.mkdir()
    if stands_for_many:
        (place / "pulumi").symlink_to(cli)
    else:
        _link(real, place / "pulumi")
    shutil.copy2(SHIMS / "pulumi-language-python", place / "pulumi-language-python")


def _link(file: Path, name: Path) -> None:
    """Give a file of the cache a name here; a copy where the cache is on another disk."""
    try:
        os.link(file, name)
    except OSError:
        shutil.copy2(file, name)


def _remove(place: Path) -> None:
    if place.is_symlink():
        place.unlink()
    elif place.exists():
        shutil.rmtree(place)


def _quiet_uv() -> dict[str, str]:
    return os.environ | {"UV_NO_PROGRESS": "1", "VIRTUAL_ENV": str(ENVIRONMENT)}


def _digest(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _stamp(name: str) -> Path:
    return STAMPS / name


def _is_fresh(name: str, digest: str) -> bool:
    stamp = _stamp(name)
    return stamp.exists() and stamp.read_text() == digest


def _renew(name: str, digest: str) -> None:
    STAMPS.mkdir(exist_ok=True)
    _stamp(name).write_text(digest)


if __name__ == "__main__":
    # A set-up that is told to end, or whose terminal is closed, ends what it has started, as on Ctrl-C.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
