"""``seldon:local:Process``: a model server or an orchestrator under the stack's supervisor."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from seldon_infra.resources.model import Inputs, Outputs, ResourceModel, ResourceType


class Probe(ResourceModel):
    """How a process says that it is ready."""

    kind: Literal["http", "grpc", "tcp"] = Field(default="http", description="What is asked.")
    port: str = Field(default="http", description="Name of the port that is asked.")
    path: str = Field(default="/", description="HTTP path that must answer 2xx.")
    timeout_seconds: float = Field(default=120.0, gt=0, description="How long it may take to become ready, in seconds.")


class Liveness(ResourceModel):
    """How one can tell that a process hangs: it is silent and does nothing. It is started again then."""

    port: str = Field(default="http", description="Name of the port that is asked.")
    path: str = Field(default="/", description="HTTP path that is answered, whatever the status.")
    silent_seconds: float = Field(default=60.0, gt=0, description="How long it may be silent, in seconds.")
    start_seconds: float = Field(default=120.0, gt=0, description="How long until it answers at all, in seconds.")


class Reload(ResourceModel):
    """How a process takes changed files over while it runs."""

    command: list[str] = Field(description="Program and arguments, run in its folder; where it fails, nothing changes.")
    whole: list[str] = Field(description="HTTP paths that answer 4xx while something is not loaded that should be.")
    folder: str = Field(description="What the paths of files begin with that it takes over, beside its links.")


class ProcessInputs(Inputs):
    """What a process is made from; a change makes a new one beside the old.

    Changes of ``live``, ``reload`` and ``running`` do not, nor do those of files and links that ``reload`` takes over.
    """

    stack_dir: str = Field(description="Absolute path of the stack's folder.")
    name: str = Field(description="What the process is called; its id is this and eight more characters.")
    command: list[str] = Field(description="Program and arguments; {port.NAME} and {dir} are filled in.")
    environment: dict[str, str] = Field(default_factory=dict, description="Environment variables.")
    files: dict[str, str] = Field(default_factory=dict, description="Path in the process's folder to its text.")
    links: dict[str, str] = Field(default_factory=dict, description="Path in the folder to the path it leads to.")
    ports: list[str] = Field(default_factory=list, description="Names of the ports that it needs.")
    ready: Probe = Field(description="How it says that it is ready.")
    grace_seconds: float = Field(default=30.0, ge=1, description="Seconds from TERM to KILL.")
    live: Liveness | None = Field(default=None, description="How one can tell that it hangs; None lets it.")
    reload: Reload | None = Field(default=None, description="How it takes changed files over; None does not.")
    host: str | None = Field(default=None, description="Id of the process that serves it with others; None: its own.")
    running: bool = Field(default=True, description="Whether it is up; a refresh finds out.")


class ProcessOutputs(ProcessInputs, Outputs):
    """Where it listens."""

    addresses: dict[str, str] = Field(description="Port's name to 127.0.0.1:PORT.")


PROCESS = ResourceType("seldon:local:Process", ProcessInputs, ProcessOutputs)
