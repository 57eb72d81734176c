"""Rules about the control plane: its names, its version, who reaches it, what is installed in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from seldon_infra.core.model import is_known, title
from seldon_infra.core.names import is_qualified_name
from seldon_infra.core.problems import ARROW, Problem
from seldon_infra.eks.catalogue import ADDONS, NEWEST_VERSION, OLDEST_STANDARD_VERSION, OLDEST_VERSION
from seldon_infra.eks.rules.forms import (
    ACCOUNT,
    GROUP,
    KEY,
    POLICY,
    REGION,
    VERSION,
    has_form,
    is_principal,
    is_private,
    nearest_network,
    network_of,
    only_once,
)
from seldon_infra.eks.spec import EksCluster, NewVpc

_NAME = re.compile(r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}\Z")
_RESERVED_TAGS = ("aws:", "seldon:")
_MOST_TAGS = 30
_MOST_GROUPS = 5
_PERIOD = re.compile(r"[1-9]\d*[smh]\Z", re.ASCII)
_REQUIRED = ("vpc-cni", "kube-proxy", "coredns")
_AGENT = "eks-pod-identity-agent"


def names_fit(cluster: EksCluster) -> Iterator[Problem]:
    """Name, region and account have the forms that AWS gives them."""
    path = title(cluster)
    if not _NAME.match(cluster.name):
        want = "must be 1 to 100 letters, digits, '-' and '_', and begin with a letter or digit"
        fix = re.sub(r"[^A-Za-z0-9_-]+", "-", cluster.name).strip("-_")[:100] or "prod"
        yield Problem(path, f"name '{cluster.name}'", want, f"write name='{fix}'")
    yield from has_form(path, "region", cluster.region, REGION, "eu-west-1")
    yield from has_form(path, "account", cluster.account, ACCOUNT, "123456789012")


def version_is_supported(cluster: EksCluster) -> Iterator[Problem]:
    """EKS has the version, and what is asked of it when its standard support ends goes with that."""
    path, found = title(cluster), VERSION.match(cluster.version)
    if not found:
        got, want = f"version '{cluster.version}'", "must be a minor version of Kubernetes, as text"
        yield Problem(path, got, want, f"write version='{NEWEST_VERSION}'")
        return
    minor = int(found[1])
    if minor < _minor(OLDEST_VERSION):
        want = f"must be one that EKS still runs, {OLDEST_VERSION} to {NEWEST_VERSION} or newer"
        yield Problem(path, f"version '{cluster.version}'", want, f"write version='{NEWEST_VERSION}'")
    elif minor < _minor(OLDEST_STANDARD_VERSION) and cluster.upgrade_policy == "standard":
        got = f"version '{cluster.version}' with upgrade_policy='standard'"
        want = f"must be {OLDEST_STANDARD_VERSION} or newer: standard support of older ones has ended"
        fix = f"write version='{OLDEST_STANDARD_VERSION}', or upgrade_policy='extended', which costs six times as much"
        yield Problem(path, got, want, fix)


def endpoint_is_reached(cluster: EksCluster) -> Iterator[Problem]:
    """Nodes reach the API, and from the internet only those who are named."""
    path = title(cluster)
    if not cluster.private_access and not cluster.public_access_cidrs:
        want = "must not be off both ways: nobody would reach the API"
        yield Problem(path, "private_access=False without public_access_cidrs", want, "remove private_access=False")
    elif not cluster.private_access and isinstance(cluster.network, NewVpc):
        want = "must be on with a network of the stack's own: its nodes' public address is in no list beforehand"
        yield Problem(path, "private_access=False", want, "remove private_access=False")
    for cidr in cluster.public_access_cidrs:
        network = network_of(cidr)
        if network is None:
            want, fix = "must be IPv4 networks", f"write '{_single(cidr)}'"
            yield Problem(path, f"public_access_cidrs has '{cidr}'", want, fix)
        elif network.prefixlen == 0:
            want, fix = "must name who may connect: this is everybody", "write your own addresses: '203.0.113.7/32'"
            yield Problem(path, f"public_access_cidrs has '{cidr}'", want, fix)
        elif is_private(network):
            want = "must be addresses that the internet has: private ones reach the API by private_access"
            yield Problem(path, f"public_access_cidrs has '{cidr}'", want, "remove it")
    yield from only_once(path, "public_access_cidrs", cluster.public_access_cidrs)


def services_have_room(cluster: EksCluster) -> Iterator[Problem]:
    """Addresses of services are private, and not those of the network."""
    path, cidr = title(cluster), cluster.service_cidr
    if cidr is None:
        return
    network, fix = network_of(cidr), "write service_cidr='172.20.0.0/16', or leave it out"
    if network is None or not 12 <= network.prefixlen <= 24 or not is_private(network):
        yield Problem(path, f"service_cidr '{cidr}'", "must be a private IPv4 network of /12 to /24", fix)
        return
    own = network_of(cluster.network.cidr) if isinstance(cluster.network, NewVpc) else None
    if own is not None and own.overlaps(network):
        yield Problem(path, f"service_cidr '{cidr}'", f"must not overlap with the network, {own}", fix)


def keys_and_principals_fit(cluster: EksCluster) -> Iterator[Problem]:
    """The key is one of KMS in the cluster's region, and who applies the stack is a role or a user."""
    path, key = title(cluster), cluster.secrets_key
    yield from is_principal(path, "deployer", cluster.deployer)
    like = f"arn:aws:kms:{cluster.region}:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    yield from has_form(path, "secrets_key", key, KEY, like)
    if is_known(key) and (found := KEY.match(key)) and found[1] != cluster.region:
        want = f"must be a key of the cluster's region, {cluster.region}"
        yield Problem(path, f"secrets_key '{key}'", want, "write a key of that region, or leave it out for a new one")


def groups_fit(cluster: EksCluster) -> Iterator[Problem]:
    """The control plane's addresses have security groups by their ids, as many as an address may have."""
    path, groups = title(cluster), cluster.security_group_ids
    for group in groups:
        yield from has_form(path, "security_group_ids", group, GROUP, "sg-0123456789abcdef0")
    yield from only_once(path, "security_group_ids", groups)
    if len(groups) > _MOST_GROUPS:
        got = f"security_group_ids has {len(groups)}"
        yield Problem(path, got, f"must be at most {_MOST_GROUPS}", "put their rules into one")


def scheduling_is_in_kubernetes_words(cluster: EksCluster) -> Iterator[Problem]:
    """What counts is named as pods ask for it, with a weight that the scheduler takes."""
    path, scheduling, period = title(cluster), cluster.scheduling, cluster.hpa_sync_period
    for resource, weight in (scheduling.weights if scheduling else {}).items():
        if not is_qualified_name(resource):
            want = "must be a resource that pods ask for"
            yield Problem(path, f"scheduling weights has '{resource}'", want, "write 'cpu' or 'nvidia.com/gpu'")
        if not 1 <= weight <= 100:
            fix = f"write {{'{resource}': {min(max(weight, 1), 100)}}}"
            yield Problem(path, f"scheduling weight {weight} of '{resource}'", "must be 1 to 100", fix)
    if period is not None and not _PERIOD.match(period):
        want = "must be a time in one unit, s, m or h"
        yield Problem(path, f"hpa_sync_period '{period}'", want, "write hpa_sync_period='15s'")


def logs_differ(cluster: EksCluster) -> Iterator[Problem]:
    """A log is named once."""
    yield from only_once(title(cluster), "logs", cluster.logs)


def tags_are_the_users(cluster: EksCluster) -> Iterator[Problem]:
    """Tags have room, and keys that are nobody else's."""
    groups = ((f"{title(cluster)}{ARROW}{title(each)}", each.tags) for each in cluster.node_groups)
    for path, tags in ((title(cluster), cluster.tags), *groups):
        for key, value in tags.items():
            if key.startswith(_RESERVED_TAGS) or not 1 <= len(key) <= 128 or len(value) > 256:
                want = f"must have a key of 1 to 128 characters, not of {' or '.join(_RESERVED_TAGS)}, a value to 256"
                yield Problem(path, f"tag '{key}'", want, "name it otherwise")
        if len(tags) > _MOST_TAGS:
            yield Problem(path, f"there are {len(tags)} tags", f"must be at most {_MOST_TAGS}", "remove some")


def addons_are_whole(cluster: EksCluster) -> Iterator[Problem]:
    """What no node works without is installed, each once, and what acts in AWS says by which service account."""
    path, names = title(cluster), [each.name for each in cluster.addons]
    yield from only_once(path, "addons", names)
    for name in (each for each in _REQUIRED if each not in names):
        want = f"must have '{name}': without it no pod runs"
        yield Problem(path, f"addons lacks '{name}'", want, f"add Addon(name='{name}'), or leave addons out")
    if _AGENT not in names and (cluster.pod_identities or any(_acts(each.name) for each in cluster.addons)):
        want = f"must have '{_AGENT}': pod identities do nothing without it"
        yield Problem(path, f"addons lacks '{_AGENT}'", want, f"add Addon(name='{_AGENT}')")
    for addon in cluster.addons:
        inside = f"{path}{ARROW}{title(addon)}"
        known = ADDONS.get(addon.name)
        if addon.policies and addon.service_account is None and not (known and known.service_account):
            want = "must be given with policies: they belong to a service account"
            yield Problem(inside, "service_account is not set", want, "write service_account='…'")
        for policy in addon.policies:
            yield from has_form(inside, "policies", policy, POLICY, "arn:aws:iam::aws:policy/name")


def _acts(addon: str) -> bool:
    known = ADDONS.get(addon)
    return known is not None and known.service_account is not None


def _minor(version: str) -> int:
    return int(version.partition(".")[2])


def _single(cidr: str) -> str:
    """Suggest a network for what should be one: one address is a network of /32."""
    return nearest_network(cidr) if network_of(cidr.partition("/")[0]) else "203.0.113.7/32"


RULES = (
    names_fit,
    version_is_supported,
    endpoint_is_reached,
    services_have_room,
    keys_and_principals_fit,
    groups_fit,
    scheduling_is_in_kubernetes_words,
    logs_differ,
    tags_are_the_users,
    addons_are_whole,
)
