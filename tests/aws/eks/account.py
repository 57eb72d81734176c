"""A stack of EKS resources on the loopback AWS: what a test declares, applies, and asks the engine and the account."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.aws.loopback import REGION, Loopback
from tests.engine.scratch import STACK, Engine

PROGRAM = """
import json
import subprocess
from pathlib import Path
import pulumi
from seldon_infra.resources.aws_eks_access_entry import EKS_ACCESS_ENTRY
from seldon_infra.resources.aws_eks_addon import EKS_ADDON
from seldon_infra.resources.aws_eks_cluster import EKS_CLUSTER
from seldon_infra.resources.aws_eks_nodegroup import EKS_NODEGROUP
from seldon_infra.resources.aws_eks_pod_identity import EKS_POD_IDENTITY_ASSOCIATION

KINDS = {it.token.rpartition(":")[2]: it for it in (
    EKS_CLUSTER, EKS_NODEGROUP, EKS_ADDON, EKS_ACCESS_ENTRY, EKS_POD_IDENTITY_ASSOCIATION)}
made = {}
for name, kind, inputs, after in json.loads((Path(__file__).parent / "declared.json").read_text()):
    opts = pulumi.ResourceOptions(depends_on=[made[it] for it in after])
    made[name] = KINDS[kind].register(name, opts, **inputs)
"""
_OPERATIONS = {"create-replacement": "replace", "delete-replaced": "replace"}


@dataclass(frozen=True)
class Declared:
    """One resource of the program: its name, its type, its inputs, and whom it comes after."""

    name: str
    kind: str
    inputs: dict[str, Any]
    after: tuple[str, ...] = ()


@dataclass
class Account:
    """A stack and the AWS account that it lives in."""

    engine: Engine
    aws: Loopback
    base: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Inputs of each type that are the same in every declaration of a test."""

    def declare(self, *resources: Declared) -> None:
        """Make these the program's resources."""
        rows = [
            (it.name, it.kind, {"region": REGION, **self.base.get(it.kind, {}), **it.inputs}, it.after)
            for it in resources
        ]
        (self.engine.directory / "declared.json").write_text(json.dumps(rows))
        self.engine.write_inline_program(PROGRAM)

    def up(self, *resources: Declared) -> str:
        """Apply, and return what the engine said."""
        if resources:
            self.declare(*resources)
        return self.engine.up().stdout

    def failed_up(self, *resources: Declared) -> str:
        """Apply what must fail, and return what the engine said."""
        if resources:
            self.declare(*resources)
        done = self.engine.up(check=False)
        assert done.returncode != 0, done.stdout
        return done.stdout + done.stderr

    def refused(self, *resources: Declared) -> str:
        """What a preview says that must fail; nothing has changed by it."""
        self.declare(*resources)
        before = len(self.aws.changes())
        done = self.engine.preview(check=False)
        assert done.returncode != 0, done.stdout
        assert len(self.aws.changes()) == before
        return done.stdout + done.stderr

    def plan(self, *resources: Declared) -> dict[str, Step]:
        """What a preview would do with each resource, by its name."""
        if resources:
            self.declare(*resources)
        return dict(_steps(json.loads(self.engine.preview("--json", "--show-sames").stdout)["steps"]))

    def assert_settled(self) -> None:
        """The state is whole, and the next preview has nothing to do."""
        deployment = self.engine.deployment()
        assert not deployment.get("pending_operations")
        assert not [it["urn"] for it in deployment.get("resources", []) if it.get("delete") or it.get("initErrors")]
        plan = {name: step for name, step in self.plan().items() if step.action != "same"}
        assert not plan, plan

    def state(self) -> dict[str, dict[str, Any]]:
        """The resources in the state by their names."""
        found = [it for it in self.engine.resources() if it["type"].startswith("seldon:aws:")]
        return {it["urn"].rpartition("::")[2]: it for it in found}

    def inventory(self) -> list[str]:
        """Everything that EKS has, by kind and name."""
        eks = self.aws.eks().state
        shelves = {"cluster": eks.clusters, "nodegroup": eks.nodegroups, "addon": eks.addons,
                   "entry": eks.entries, "association": eks.associations}  # fmt: skip
        return sorted(f"{kind} {key}" for kind, shelf in shelves.items() for key in shelf.visible())

    def body(self, name: str) -> dict[str, Any]:
        """A declared resource as EKS has it, to be looked at or changed behind the provider's back."""
        return self.body_of(self.state()[name])

    def body_of(self, resource: dict[str, Any]) -> dict[str, Any]:
        """A resource of the state as EKS has it."""
        _, cluster, *rest = resource["id"].split("/", 2)
        eks = self.aws.eks().state
        shelves: dict[str, Any] = {"EksNodegroup": eks.nodegroups, "EksAddon": eks.addons,
                                   "EksAccessEntry": eks.entries,
                                   "EksPodIdentityAssociation": eks.associations}  # fmt: skip
        kind = resource["type"].rpartition(":")[2]
        found: dict[str, Any] = shelves[kind].get((cluster, rest[0])) if rest else eks.clusters.get(cluster)
        return found


@dataclass(frozen=True)
class Step:
    """What a preview would do with one resource, and the properties that differ."""

    action: str
    paths: frozenset[str] = frozenset()


def _steps(steps: Iterable[dict[str, Any]]) -> Iterator[tuple[str, Step]]:
    """The steps that matter: a replacement is several, and each begins with a read."""
    for step in steps:
        name, operation = step["urn"].rpartition("::")[2], step["op"]
        if "seldon:aws:" in step["urn"] and operation not in ("refresh", "read", "delete-replaced"):
            yield name, Step(_OPERATIONS.get(operation, operation), frozenset(step.get("detailedDiff") or {}))


def imports(account: Account, into: Engine) -> subprocess.CompletedProcess[str]:
    """Import every resource of an account's stack into another stack."""
    rows = [{"type": it["type"], "name": name, "id": it["id"]} for name, it in account.state().items()]
    (into.directory / "imports.json").write_text(json.dumps({"resources": rows}))
    return into.run("import", "--stack", STACK, "--yes", "--protect=false", "--generate-code=false",
             "--skip-preview", "--file", "imports.json")  # fmt: skip
