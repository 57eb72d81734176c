"""Clusters on AWS, before an outside judge: their plan as Terraform writes one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from seldon_infra.drift.events import UNKNOWN
from seldon_infra.eks import render
from seldon_infra.eks.kinds import KINDS
from seldon_infra.eks.parts import Built, Part, Ref
from seldon_infra.eks.spec import EksCluster
from seldon_infra.plan.terraform.document import terraform_plan
from tests.judges.scanners import Finding, checkov_of_a_plan
from tests.judges.skips import AWS
from tests.judges.test_seldon_deployments import unexplained
from tests.unit.drift.steps import step
from tests.unit.eks.cases import CASES
from tests.unit.eks.gpu_software.cases import CASES as SOFTWARE

pytestmark = pytest.mark.judges


def planned(clusters: Mapping[str, EksCluster], **changes: Mapping[str, Any]) -> str:
    """The plan of new clusters by name; `changes` are inputs by kind that make them worse."""
    parts = [(case, part) for case, each in clusters.items() for part in render.cluster(each).all]
    return terraform_plan([_step(case, part, changes.get(part.kind, {})) for case, part in parts])


def _step(case: str, part: Part, changes: Mapping[str, Any]) -> Any:
    """A step that makes a part, with the defaults that the plugin fills in."""
    kind = KINDS[part.kind]
    fields = kind.inputs.model_fields
    defaults = {name: field.get_default(call_default_factory=True) for name, field in fields.items()}
    inputs = {**defaults, **{name: _later(value) for name, value in part.inputs.items()}, **changes}
    return step(None, kind.wire_inputs(_plain(inputs)), kind=kind.token, name=f"{case}-{part.name}")


def _later(value: object) -> Any:
    """What is not known yet, as the engine writes it."""
    match value:
        case Ref() | Built():
            return UNKNOWN
        case Mapping():
            return {key: _later(item) for key, item in value.items()}
        case list() | tuple():
            return [_later(item) for item in value]
    return value


def _plain(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if value is not None and "Undefined" not in repr(value)}


def judged(plan: str, folder: Path) -> set[Finding]:
    (folder / "plan.json").write_text(plan, encoding="utf-8")
    return checkov_of_a_plan(folder / "plan.json")


def test_no_cluster_is_objected_to_but_for_what_it_opens_itself(tmp_path: Path) -> None:
    clusters = {case: cluster for case, (_, cluster) in {**CASES, "karpenter": SOFTWARE["karpenter"]}.items()}
    found = unexplained(judged(planned(clusters), tmp_path), *AWS)
    opened = {"CKV_AWS_37": len(set(clusters["all-fields"].logs)) < 5, "CKV_AWS_39": True}
    assert [it for it in found if not (it.object == "aws_eks_cluster.all-fields-prod" and opened.get(it.id))] == []


def test_what_is_less_safe_is_objected_to(tmp_path: Path) -> None:
    """The judge does look: each of its checks that the defaults are for finds what lacks them."""
    _, cluster = SOFTWARE["karpenter"]
    worse: dict[str, Mapping[str, Any]] = {
        "EksCluster": {
            "log_types": ["api"],
            "endpoint_public_access": True,
            "public_access_cidrs": ["0.0.0.0/0"],
            "encryption_key_arn": None,
            "version": "1.24",
        },
        "LaunchTemplate": {"metadata_tokens": "optional", "metadata_hops": 2},
        "KmsKey": {"rotation": False},
        "SqsQueue": {"encrypted": False},
        "EksNodegroup": {"remote_access": {"ec2_ssh_key": "mine"}},
        "IamRole": {
            "policy_arns": ["arn:aws:iam::aws:policy/AdministratorAccess"],
            "policies": {"all": {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}},
        },
    }
    found = {each.id for each in judged(planned({"worse": cluster}, **worse), tmp_path)}
    wanted = {37, 38, 39, 58, 339, 79, 341, 7, 274, 62, 286, 287, 288, 289, 290, 355, 27}
    assert {f"CKV_AWS_{number}" for number in wanted} <= found


def test_a_plan_is_whole_json_whatever_is_not_known(tmp_path: Path) -> None:
    _, cluster = CASES["default"]
    plan = json.loads(planned({"new": cluster}))
    assert UNKNOWN not in json.dumps(plan)
    (control,) = [it for it in plan["resource_changes"] if it["type"] == "aws_eks_cluster"]
    assert control["change"]["actions"] == ["create"]
    assert control["change"]["after_unknown"]["role_arn"] is True
    assert "role_arn" not in control["change"]["after"]
