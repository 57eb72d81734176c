"""Print the Kubernetes manifests that a cluster would get for a stack, as YAML.

The text is the same for the same definition, so it can be kept, compared and applied by other tools. A value that only
an apply brings (a Pulumi Output) is shown as a placeholder, with a warning, since nobody knows it yet; so is a secret.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from seldon_infra.core.errors import InvalidSpec
from seldon_infra.core.model import is_later
from seldon_infra.core.problems import HIDDEN, Problem
from seldon_infra.core.settings_file import read_settings
from seldon_infra.core.yaml import dump
from seldon_infra.graph.check import check_cluster, check_manifest
from seldon_infra.graph.expand import expanded
from seldon_infra.graph.manifest import KIND
from seldon_infra.graph.render import manifests, namespace, namespaces
from seldon_infra.graph.render_values import Manifest
from seldon_infra.graph.spec import SeldonDeployment
from seldon_infra.model_server.render import model_server
from seldon_infra.payload_log.render import behind_log
from seldon_infra.settings import Withheld
from seldon_infra.stack import PROJECT_FILE, Stack, find_project, load_stack
from seldon_infra.targets.platform import behind_ingress, closing_policy, objects, pod_security_labels, watched_servers
from seldon_infra.targets.spec import Kubernetes

PLACEHOLDER = "<known after pulumi up>"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--stack", required=True, help="the stack, as in `pulumi up --stack`")
    parser.add_argument(
        "--project", type=Path, default=Path.cwd(), help="the folder of Pulumi.yaml (default: this one, or one above)"
    )
    parser.add_argument(
        "--expanded",
        action="store_const",
        const=_expanded,
        default=_as_applied,
        dest="objects",
        help="what Seldon's operator makes of it (Deployments, Services, …), for scanners that look into no other kind",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the manifests; problems of the definition are reported all at once."""
    stack = load_stack(arguments.stack, find_project(arguments.project))
    found = [*stack.check(), *(each for deployment in _logged(stack) for each in check_manifest(deployment))]
    problems = list(dict.fromkeys(found))
    if problems:
        raise InvalidSpec(problems)
    made = [with_level(stack, each) for each in (*cluster_manifests(stack), *servers(stack))]
    project = read_settings(find_project(arguments.project) / PROJECT_FILE).get("name")
    made += policies(stack, f"{project}/{arguments.stack}")
    rendered = [without_secrets(each) for each in arguments.objects(made)]
    sys.stdout.write(dump(*(shown(manifest) for manifest in rendered)))
    for problem in refused(stack):
        print(f"note, a cluster would refuse this: {problem}", file=sys.stderr)
    for mark, places in places_of_later(rendered).items():
        print(f"{mark} stands for: {', '.join(places)}", file=sys.stderr)
    return 0


def cluster_manifests(stack: Stack) -> list[dict[str, Any]]:
    """Render deployments behind the stack's ingress, then what that ingress consists of beside its charts."""
    if not isinstance(stack.target, Kubernetes):
        return [*manifests(stack.deployments)]
    deployments, log = behind_ingress(stack.target, _logged(stack)), stack.target.payloads
    there = namespaces(deployments)
    logs = [namespace(log.namespace)] if log is not None and log.namespace not in there else []
    return [*manifests(deployments), *logs, *objects(stack.target, deployments)]


def servers(stack: Stack) -> Iterator[Manifest]:
    """Render model servers, with those namespaces that no deployment is in."""
    log = stack.target.payloads if isinstance(stack.target, Kubernetes) else None
    there = [*namespaces(stack.deployments), *([log.namespace] if log else [])]
    yield from (namespace(name) for name in namespaces(stack.model_servers) if name not in there)
    target = stack.target
    watched = watched_servers(target, stack.model_servers) if isinstance(target, Kubernetes) else stack.model_servers
    for server in watched:
        yield from model_server(server).values()


def with_level(stack: Stack, manifest: Manifest) -> Manifest:
    """Give a namespace the labels of the Pod Security level that the stack declares."""
    if not isinstance(stack.target, Kubernetes) or manifest["kind"] != "Namespace":
        return manifest
    metadata = manifest["metadata"]
    labels = pod_security_labels(stack.target, metadata["name"])
    return {**manifest, "metadata": {**metadata, "labels": labels}} if labels else manifest


def policies(stack: Stack, mark: str) -> list[Manifest]:
    """Render the policy under which pods pass the level."""
    return closing_policy(stack.target, stack.deployments, mark) if isinstance(stack.target, Kubernetes) else []


def _as_applied(rendered: Iterable[Manifest]) -> Sequence[Manifest]:
    return tuple(rendered)


def _expanded(rendered: Iterable[Manifest]) -> Sequence[Manifest]:
    """Put what the operator makes in the place of each custom resource."""
    return [made for each in rendered for made in (expanded(each) if each["kind"] == KIND else [each])]


def refused(stack: Stack) -> list[Problem]:
    """Find what a cluster would refuse of a stack that is right where it lands, such as a folder of this machine."""
    return [problem for deployment in _logged(stack) for problem in check_cluster(deployment)]


def _logged(stack: Stack) -> list[SeldonDeployment]:
    """Give deployments whose loggers lead to the stack's payload log, where it has one."""
    log = stack.target.payloads if isinstance(stack.target, Kubernetes) else None
    return [behind_log(log, each) for each in stack.deployments]


def without_secrets(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """Withhold what a Secret holds, however it was given."""
    if manifest["kind"] != "Secret":
        return manifest
    return {**manifest, "stringData": dict.fromkeys(manifest["stringData"], Withheld())}


def shown(value: Any) -> Any:
    """Copy a manifest with placeholders for values of later."""
    match value:
        case Mapping():
            return {key: shown(item) for key, item in value.items()}
        case list() | tuple():
            return [shown(item) for item in value]
    return _mark(value) if is_later(value) else value


def places_of_later(value: Any) -> dict[str, list[str]]:
    """Find the paths of values of later by their marks: ``[1].spec.predictors[0].graph.modelUri``."""
    found: dict[str, list[str]] = {}
    for mark, place in _marked(value, ""):
        found.setdefault(mark, []).append(place)
    return found


def _mark(value: object) -> str:
    return HIDDEN if isinstance(value, Withheld) else PLACEHOLDER


def _marked(value: Any, path: str) -> Iterator[tuple[str, str]]:
    match value:
        case Mapping():
            for key, item in value.items():
                yield from _marked(item, f"{path}.{key}")
        case list() | tuple():
            for index, item in enumerate(value):
                yield from _marked(item, f"{path}[{index}]")
        case _ if is_later(value):
            yield _mark(value), path
