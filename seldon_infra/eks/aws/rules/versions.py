"""Rules about versions: EKS runs the one that is asked for, and has images of it."""

from __future__ import annotations

from collections.abc import Iterator

from seldon_infra.core.problems import Problem
from seldon_infra.eks.aws.facts import AwsFacts, Version
from seldon_infra.eks.aws.rules.finding import Finding, of
from seldon_infra.eks.aws.wanted import image_parameter
from seldon_infra.eks.images import ami_type
from seldon_infra.eks.spec import EksCluster

SOON_DAYS = 60


def version_is_run(cluster: EksCluster, facts: AwsFacts) -> Iterator[Finding]:
    """EKS runs the version, with the support that the upgrade policy asks for."""
    if not facts.versions:
        return
    path, version = of(cluster), facts.versions.get(cluster.version)
    newest = max((it for it in facts.versions.values() if it.support == "standard"), key=_number, default=None)
    if version is None or version.support == "unsupported":
        running = sorted((it for it in facts.versions.values() if it.support != "unsupported"), key=_number)
        want = f"must be one that EKS runs in {facts.region}: {', '.join(it.name for it in running)}"
        fix = f"write version='{(newest or running[-1]).name}'" if newest or running else "choose another region"
        yield Finding(Problem(path, f"version '{cluster.version}'", want, fix), "error")
    elif version.support == "extended":
        yield _extended(cluster, version, newest)
    elif version.standard_until and (left := (version.standard_until - facts.today).days) <= SOON_DAYS:
        got = f"version '{cluster.version}' has standard support until {version.standard_until} ({left} days)"
        then = "EKS upgrades it by itself" if cluster.upgrade_policy == "standard" else "it costs six times as much"
        yield Finding(Problem(path, got, f"must be newer by then, or {then}", "plan the upgrade"), "warning")


def _extended(cluster: EksCluster, version: Version, newest: Version | None) -> Finding:
    since = f" since {version.standard_until}" if version.standard_until else ""
    got = f"version '{cluster.version}' has only extended support{since}"
    fix = f"write version='{newest.name}'" if newest else "choose a newer version"
    if cluster.upgrade_policy == "standard":
        want = "must have standard support with upgrade_policy='standard'"
        return Finding(Problem(of(cluster), got, want, f"{fix}, or upgrade_policy='extended'"), "error")
    return Finding(Problem(of(cluster), got, "costs six times as much as one with standard support", fix), "warning")


def images_are_there(cluster: EksCluster, facts: AwsFacts) -> Iterator[Finding]:
    """There are images of each group's kind for the version."""
    for group in cluster.node_groups:
        if not group.instance_types:
            continue
        kind = ami_type(group)
        if facts.images.get(image_parameter(kind, cluster.version)) is False:
            want = f"must be a kind of image that EKS has for version {cluster.version} in {facts.region}"
            fix = "write another ami_type, or another version"
            yield Finding(Problem(of(cluster, group), f"ami_type '{kind}'", want, fix), "error", group.name)


def _number(version: Version) -> tuple[int, ...]:
    return tuple(map(int, version.name.split(".")))


RULES = (version_is_run, images_are_there)
