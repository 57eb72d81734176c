"""What a folder of the catalogue says about its model server: the typed form of ``server.toml``."""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

from seldon_infra.core.model import Many, Spec
from seldon_infra.servers.spec import Protocol, Transport

PortName = Literal["http", "grpc", "metrics"]
"""The ports that every server of the catalogue has."""
PORTS: tuple[PortName, ...] = ("http", "grpc", "metrics")
FILES = "files"
"""Folder beside ``server.toml`` with what each process of the server gets a copy of."""


class Image(Spec):
    """The image that stands for the server on a cluster."""

    noun: ClassVar[str] = "[image]"

    reference: str
    """Name and tag: ``seldonio/mlserver:1.7.1-sklearn``."""
    digest: str | None = None
    """``sha256:…`` of the image that the tag stood for. Default: not known."""


class Debian(Spec):
    """Packages of Debian's that its environment has as well, where package indexes have none that would do."""

    noun: ClassVar[str] = "[debian]"

    packages: Many[str]
    """Names of packages; what they need comes along, unless this machine has it."""
    imports: str
    """Module of theirs that must load: of another release they are for another Python."""


class Start(Spec):
    """How the server is started and stopped."""

    noun: ClassVar[str] = "[start]"

    command: Many[str]
    """Program and arguments, with placeholders."""
    drain_seconds: float
    """How long the server may take, after SIGTERM, to finish open requests, in seconds."""


class Together(Spec):
    """How one process serves several models of this machine."""

    noun: ClassVar[str] = "[together]"

    command: Many[str]
    """Program and arguments, with placeholders; it loads and unloads models as MLServer's repository API has it, by
    the names of their folders, in each of which ``settings.json`` holds the model's environment variables."""


class Get(Spec):
    """An HTTP path on one of the server's ports, which answers 200."""

    port: PortName
    """Which port."""
    path: str
    """Path, with placeholders."""


class Reload(Spec):
    """How changed files get into a server that runs."""

    noun: ClassVar[str] = "[reload]"

    command: Many[str]
    """Program and arguments, with placeholders; where it fails, what was served before is served on."""
    whole: str
    """HTTP path of a model, ``{name}``, that answers 4xx while it is not loaded."""


class Kind(Spec):
    """What one of the typed servers adds, for instance ``mlserver-runtime`` to the server ``mlserver``."""

    noun: ClassVar[str] = "[kinds]"

    environment: Mapping[str, str] = {}
    """Environment variables, with placeholders."""
    files: Mapping[str, str] = {}
    """Files in the process's folder: path to text, both with placeholders."""
    together: bool = False
    """Whether its models may share a process: it runs no code of the user's own. Default: False."""
    reads: Many[str] = ()
    """Names of files of which a folder behind ``model_uri`` must hold one, with ``*`` for any text. Default: any."""


class CatalogueEntry(Spec):
    """One model server: what it speaks, how it is installed, started, probed and stopped on this machine.

    Placeholders in texts are those of :mod:`seldon_infra.servers.layout`; an environment variable or a file whose
    placeholder has no value for a node is left out.
    """

    noun: ClassVar[str] = "server.toml of"

    name: str
    """Name of its folder."""
    folder: Path
    """The folder: beside ``server.toml`` lie ``requirements.lock`` and ``files/``, of which each process has a copy."""
    extends: str | None = None
    """Server whose files it has as well, and whose settings where it has none of its own. Default: none."""
    shared: Path | None = None
    """Folder of that server's files."""
    also: str | None = None
    """Folder beside its own whose ``files/`` it has as well. Default: none."""
    version: str
    """The server's own version."""
    licence: str
    """Terms of the server's code, as an SPDX expression."""
    protocols: Many[Protocol]
    """Protocols that it speaks."""
    transports: Many[Transport]
    """How it carries them."""
    python: str
    """Versions of Python that its environment can have: ``>=3.11,<3.13``."""
    model_uri: str
    """What ``model_uri`` holds, in words."""
    gpu: bool = False
    """Whether its image uses GPUs where it is given some; on this machine no server does. Default: False."""
    asked_directly: bool = False
    """Whether the gateway may ask it itself where a predictor is one model: to what is no request it must answer 4xx
    in the protocol's own form. Default: False, an orchestrator asks it."""
    streams: bool = False
    """Whether it answers over gRPC streams, where no orchestrator stands before it. Default: False."""
    image: Image | None = None
    """What runs instead on a cluster. Default: an image that the user builds."""
    debian: Debian | None = None
    """What of Debian's is in its environment. Default: nothing."""
    start: Start
    """How it is started and stopped."""
    reload: Reload | None = None
    """How it takes changed files over while it runs. Default: not at all, a new process does."""
    together: Together | None = None
    """How one process serves the models of several nodes. Default: it cannot."""
    environment: Mapping[str, str] = {}
    """Environment variables of every process, with placeholders."""
    kinds: Mapping[str, Kind]
    """The typed servers that it runs, by their ``kind``."""
    live: Get
    """Answers as long as the server does not hang."""
    ready: Get
    """Answers as soon as the server can serve the node's model."""
    metrics: Get
    """Where Prometheus reads."""

    @property
    def lock(self) -> Path:
        """The lock file of the server's environment."""
        return self.home / "requirements.lock"

    @property
    def home(self) -> Path:
        """The folder whose environment it runs in: that of the server it extends, where it has no lock of its own."""
        own = (self.folder / "requirements.lock").exists()
        return self.folder if own or self.shared is None else self.shared.parent

    @property
    def copied(self) -> Mapping[str, Path]:
        """The files of which each process gets a copy, by their path there; its own win over those it shares."""
        also = None if self.also is None else self.folder.parent / self.also / FILES
        folders = [folder for folder in (self.shared, also, self.folder / FILES) if folder is not None]
        found = [(folder, file) for folder in folders for file in sorted(folder.rglob("*")) if _is_copied(file)]
        return {file.relative_to(folder).as_posix(): file for folder, file in found}


def _is_copied(file: Path) -> bool:
    return file.is_file() and "__pycache__" not in file.parts
