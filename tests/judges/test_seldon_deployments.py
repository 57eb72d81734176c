"""Pods of SeldonDeployments, before outside judges: what the operator makes of each golden deployment."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from seldon_infra.graph.expand import expanded
from seldon_infra.graph.render import seldon_deployment
from seldon_infra.graph.render_objects import own_objects
from seldon_infra.graph.spec import PodSecurity, SeldonDeployment
from tests.judges.scanners import Finding, checkov, kube_score, kubernetes_validate, pod_security, write
from tests.judges.skips import OF_THE_OPERATOR, OF_THE_USER, SELDON_DEPLOYMENTS, Skip
from tests.unit.graph.cases import CASES, single

pytestmark = pytest.mark.judges

OPENED = frozenset({"secure"})
"""Cases whose pods are opened on purpose."""
OPERATORS = frozenset({"seldon-container-engine", "tfserving"})


def objects(deployment: SeldonDeployment) -> list[dict[str, Any]]:
    """What the operator makes of a deployment whose pods are locked up, and what stands beside it."""
    locked = deployment.model_copy(update={"pod_defaults": "restricted", "namespace": "models"})
    return [*expanded(seldon_deployment(locked)), *own_objects(locked).values()]


def ours(made: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out the containers that are the operator's, and pods that are wholly its own."""
    kept = [copy.deepcopy(each) for each in made if not _is_of_the_operator(each)]
    for each in kept:
        if each["kind"] == "Deployment":
            spec = each["spec"]["template"]["spec"]
            spec["containers"] = [one for one in spec["containers"] if one["name"] not in OPERATORS]
    return kept


def _is_of_the_operator(made: dict[str, Any]) -> bool:
    name, selects = str(made["metadata"]["name"]), made.get("spec", {}).get("selector", {})
    of_orchestrator = name.endswith("-svc-orch") or (made["kind"] == "Service" and "seldon-app" in selects)
    return of_orchestrator or name.endswith("-explainer")


def judged(files: dict[str, list[dict[str, Any]]], folder: Path) -> set[Finding]:
    """Ask all judges."""
    write(folder, files)
    everything = [each for objects in files.values() for each in objects]
    return checkov(folder) | kubernetes_validate(folder) | kube_score(folder) | pod_security(everything)


def unexplained(found: set[Finding], *skips: Skip) -> list[Finding]:
    """Leave out findings that are explained; a reason of the restricted standard goes by its beginning."""
    ids = frozenset().union(*(skip.ids for skip in skips))
    return sorted(each for each in found if each.id not in ids and each.id.partition(": ")[0] not in ids)


def test_what_the_library_says_of_pods_is_objected_to_by_no_judge(tmp_path: Path) -> None:
    files = {name: ours(objects(case.deployment)) for name, case in CASES.items() if name not in OPENED}
    found = judged(files, tmp_path)
    probes = {each for each in found if each.object == "Deployment/score-main-0-scorer-proxy"}
    assert unexplained(found - probes, *SELDON_DEPLOYMENTS) == []
    assert unexplained(probes, *SELDON_DEPLOYMENTS, *OF_THE_USER) == []


def test_what_the_operator_adds_is_objected_to_for_the_reasons_that_are_listed_alone(tmp_path: Path) -> None:
    files = {name: objects(case.deployment) for name, case in CASES.items() if name not in OPENED}
    assert unexplained(judged(files, tmp_path), *OF_THE_OPERATOR, *OF_THE_USER) == []


OPENINGS = {
    "run-as-user": (PodSecurity(run_as_user=8888), {"CKV_K8S_40", "container-security-context-user-group-id"}),
    "run-as-non-root": (PodSecurity(run_as_non_root=False), {"runAsNonRoot != true"}),
    "seccomp": (PodSecurity(seccomp="Unconfined"), {"CKV_K8S_31", "seccompProfile"}),
    "service-account-token": (PodSecurity(service_account_token=True), {"CKV_K8S_38"}),
    "image-pull-policy": (
        PodSecurity(image_pull_policy="IfNotPresent"),
        {"CKV_K8S_15", "container-image-pull-policy"},
    ),
    "read-only-root": (
        PodSecurity(read_only_root=False),
        {"CKV_K8S_22", "container-security-context-readonlyrootfilesystem"},
    ),
    "capabilities": (PodSecurity(capabilities=["CHOWN"]), {"CKV_K8S_25", "unrestricted capabilities"}),
    "privilege-escalation": (
        PodSecurity(privilege_escalation=True),
        {"CKV_K8S_20", "allowPrivilegeEscalation != false"},
    ),
}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """What judges object to in pods of which each has one way out open, by the way's name."""
    deployments = {name: single(name).model_copy(update={"security": said}) for name, (said, _) in OPENINGS.items()}
    files = {name: ours(objects(each)) for name, each in deployments.items()}
    found = unexplained(judged(files, tmp_path_factory.mktemp("opened")), *SELDON_DEPLOYMENTS)
    return {
        name: {each.id.partition(": ")[0] for each in found if each.object == f"Deployment/{name}-main-0-classifier"}
        for name in OPENINGS
    }


@pytest.mark.parametrize("name", OPENINGS)
def test_a_pod_that_is_opened_is_objected_to_for_that_alone(opened: dict[str, set[str]], name: str) -> None:
    assert opened[name] == OPENINGS[name][1]


def test_a_field_that_the_api_does_not_have_is_objected_to(tmp_path: Path) -> None:
    (made, *others) = ours(objects(single()))
    made["spec"]["template"]["spec"]["nodeSelektor"] = {}
    assert kubernetes_validate(write(tmp_path, {"misspelt": [made, *others]})) != set()


def test_pods_without_the_library_s_defaults_are_objected_to() -> None:
    bare = single().model_copy(update={"pod_defaults": "operator", "namespace": "models"})
    found = pod_security(ours(expanded(seldon_deployment(bare))))
    assert {each.id.partition(": ")[0] for each in found} == {
        "allowPrivilegeEscalation != false",
        "unrestricted capabilities",
        "runAsNonRoot != true",
        "seccompProfile",
    }
