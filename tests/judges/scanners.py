"""Calls of the outside judges; each gives findings in one form."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from seldon_infra.core.yaml import dump
from toolchain import judges

CRITICAL = 1
SCHEMAS = "1.37.0"
TIMEOUT_SECONDS = 600


class Finding(NamedTuple):
    """What a judge objects to."""

    judge: str
    id: str
    object: str
    """``KIND/NAME``."""


def write(folder: Path, files: Mapping[str, Iterable[Mapping[str, Any]]]) -> Path:
    """Write objects as files, one for each name."""
    for name, objects in files.items():
        (folder / f"{name}.yaml").write_text(dump(*objects), encoding="utf-8")
    return folder


def checkov(folder: Path) -> set[Finding]:
    """Every check of checkov's for Kubernetes, without its policies from the network."""
    options = ["--framework", "kubernetes", "--skip-download", "--compact", "--quiet", "--output", "json"]
    said = json.loads(_run("checkov", *options, "--directory", str(folder)).stdout)
    reports = said if isinstance(said, list) else [said]
    assert sum(report["summary"]["parsing_errors"] for report in reports) == 0
    assert sum(report["summary"]["passed"] for report in reports) > 0
    failed = (check for report in reports for check in report["results"]["failed_checks"])
    return {Finding("checkov", check["check_id"], _of_checkov(check["resource"])) for check in failed}


def checkov_of_a_plan(file: Path) -> set[Finding]:
    """Every check of checkov's for a plan of Terraform's."""
    options = ["--framework", "terraform_plan", "--skip-download", "--compact", "--quiet", "--output", "json"]
    said = json.loads(_run("checkov", *options, "--file", str(file)).stdout)
    assert said["summary"]["parsing_errors"] == 0
    assert said["summary"]["passed"] > 0
    return {Finding("checkov", it["check_id"], it["resource"]) for it in said["results"]["failed_checks"]}


def kubernetes_validate(folder: Path) -> set[Finding]:
    """Fields that the API does not have, or with values that it does not take."""
    files = [str(file) for file in sorted(folder.glob("*.yaml"))]
    done = _run("kubernetes-validate", "--strict", "--kubernetes-version", SCHEMAS, "--quiet", *files)
    return {Finding("kubernetes-validate", "strict", line) for line in done.stdout.splitlines() if "ERROR" in line}


def kube_score(folder: Path) -> set[Finding]:
    """What kube-score calls critical, one file at a time: it looks at objects together."""
    found: set[Finding] = set()
    for file in sorted(folder.glob("*.yaml")):
        for judged in json.loads(_run("kube-score", "score", "--output-format", "json", str(file)).stdout):
            wrong = [each for each in judged["checks"] or () if each["grade"] == CRITICAL and not each["skipped"]]
            name = f"{judged['type_meta']['kind']}/{judged['object_meta']['name']}"
            found |= {Finding("kube-score", each["check"]["id"], name) for each in wrong}
    return found


def pod_security(objects: Sequence[Mapping[str, Any]]) -> set[Finding]:
    """The restricted Pod Security Standard, as the admission of an API server reads it."""
    workloads = [each for each in objects if each["kind"] == "Deployment"]
    pods = [each["spec"]["template"] for each in workloads]
    verdicts = json.loads(_run("pod-security", said=json.dumps(pods)).stdout)
    return {
        Finding("restricted", reason, f"{each['kind']}/{each['metadata']['name']}")
        for each, reasons in zip(workloads, verdicts, strict=True)
        for reason in reasons
    }


def _of_checkov(resource: str) -> str:
    """Write ``Deployment.models.iris`` and ``Pod.models.iris.app-iris…`` as others do."""
    kind, _, name, *_ = resource.split(".")
    return f"{kind}/{name}"


def _run(name: str, *options: str, said: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a judge, which ends with another status than 0 where it objects; one that fails says nothing that is read."""
    command = [str(judges.program(name)), *options]
    quiet = os.environ | {"LOG_LEVEL": "ERROR", "CHECKOV_RUN_SCA_PACKAGE_SCAN": "false"}
    return subprocess.run(command, input=said, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, env=quiet)
