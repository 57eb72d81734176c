"""A stack with a cluster that it makes itself: its definition, what a preview of it says, what is there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.aws.account import Account
from tests.cluster.kubernetes_provider.install import install_provider

PROGRAM = "import tests.engine.patient\nfrom seldon_infra import run\n\nrun(__file__)\n"
STACK = """
from seldon_infra import *

SYSTEM = NodeGroup(name="system", instance_types=("m7i.large",), scaling=Scaling(minimum=2, maximum=4))
{before}
stack = Stack(
    target=Kubernetes(
        cluster=EksCluster(
            name="prod",
            region="eu-west-1",
            version="{version}",
            network=NewVpc(zones=("eu-west-1a", "eu-west-1b")),
            node_groups=({groups}),
            {cluster}
        ),
        {target}
    ),
    deployments=({deployments}),
)
"""


@dataclass
class Project:
    """The stack and its account."""

    account: Account

    def declare(
        self,
        *,
        version: str = "1.33",
        groups: str = "SYSTEM,",
        cluster: str = "",
        target: str = "",
        before: str = "",
        deployments: str = "",
    ) -> None:
        """Make this the stack's definition."""
        engine = self.account.engine
        engine.write_program(PROGRAM)
        text = STACK.format(
            before=before, version=version, groups=groups, cluster=cluster, target=target, deployments=deployments
        )
        (engine.directory / "test.py").write_text(text)

    def plan(self) -> dict[str, str]:
        """What the next up would do with each object of AWS, but for what stays: type and name to step."""
        steps = json.loads(self.account.engine.preview("--json").stdout)["steps"]
        aws = [step for step in steps if "seldon:aws:" in step["urn"]]
        return {_name(step["urn"]): step["op"] for step in aws if step["op"] not in ("same", "read", "refresh")}

    def inputs(self, name: str) -> dict[str, Any]:
        """What the state has as an object's inputs."""
        return next(dict(it["inputs"]) for it in self.account.engine.resources() if _name(it["urn"]) == name)

    def inventory(self) -> dict[str, list[str]]:
        """Everything that is there, by kind."""
        eks = self.account.aws.eks().state
        shelves: dict[str, Any] = {
            "cluster": eks.clusters,
            "nodegroup": eks.nodegroups,
            "addon": eks.addons,
            "entry": eks.entries,
            "association": eks.associations,
        }
        there = {kind: sorted(map(str, shelf.visible())) for kind, shelf in shelves.items()}
        return {**self.account.inventory(), **{kind: names for kind, names in there.items() if names}}


def _name(urn: str) -> str:
    """``EksNodegroup gpu`` of a URN."""
    rest, _, name = urn.rpartition("::")
    return f"{rest.rpartition(':')[2]} {name}"


def prepare(account: Account, folder: Path) -> Project:
    """Give an account's stack the plugins that a stack on Kubernetes takes."""
    install_provider(folder)
    account.engine.use_plugin("kubernetes", folder)
    return Project(account)
