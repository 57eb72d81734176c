"""What the framework's engine tests say and ask: a program, a stack's state, and who is still alive."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seldon_infra.cli.recover import heal
from seldon_infra.cli.state import StateFile
from seldon_infra.runtime.leftovers import is_alive
from tests.engine.memory_provider.cloud import Cloud
from tests.engine.scratch import STACK, Engine
from tests.engine.waiting import wait_until

PROGRAM = """
import pulumi
from pulumi import Output, ResourceOptions, CustomTimeouts
from tests.engine.memory_provider.types import BUCKET, TASK, VAULT

secret = Output.secret
{statements}
"""


@dataclass
class World:
    """A stack and the cloud that its resources live in."""

    engine: Engine
    cloud: Cloud

    def declare(self, statements: str = "") -> None:
        """Make these the program's statements."""
        self.engine.write_inline_program(PROGRAM.format(statements=statements))

    def up(self, statements: str | None = None, *arguments: str) -> str:
        """Apply, and return what the engine said."""
        if statements is not None:
            self.declare(statements)
        return self.engine.up(*arguments).stdout

    def failed_up(self, statements: str | None = None) -> str:
        """Apply what must fail, and return what the engine said."""
        if statements is not None:
            self.declare(statements)
        done = self.engine.up(check=False)
        assert done.returncode != 0, done.stdout
        return done.stdout + done.stderr

    def preview(self, statements: str | None = None, *arguments: str) -> str:
        """Preview, and return what the engine said."""
        if statements is not None:
            self.declare(statements)
        return self.engine.preview("--diff", *arguments).stdout

    @property
    def state(self) -> dict[str, Any]:
        """The stack's state as it lies on disk, secrets encrypted."""
        return self.engine.deployment()

    def resources(self) -> list[dict[str, Any]]:
        """The memory resources in the state."""
        return [it for it in self.state.get("resources", []) if it["type"].startswith("seldon:memory:")]

    def only(self) -> dict[str, Any]:
        """The one memory resource in the state."""
        (resource,) = self.resources()
        return resource

    def heal(self) -> list[str]:
        """Do what `seldon-infra recover` does."""
        return list(heal(StateFile(self.engine.directory / "backend", "scratch", STACK)))

    def assert_clean(self, *names: str) -> None:
        """Exactly these objects are in the cloud, the state has them and nothing half done."""
        assert self.cloud.names() == sorted(names)
        assert sorted(it["id"] for it in self.resources()) == sorted(self.cloud.objects)
        assert not self.state.get("pending_operations")
        assert not any(it.get("delete") or it.get("initErrors") for it in self.resources())

    def assert_gone(self, pid: int) -> None:
        """A process ends."""
        wait_until(lambda: not is_alive(pid))


def lock_files(engine: Engine) -> list[Path]:
    """The locks on the stack."""
    return list((engine.directory / "backend/.pulumi/locks").rglob("*.json"))
