"""Rules about routers that learn: they have something to choose from, and a place for what they learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seldon_infra.core.problems import Problem
from seldon_infra.graph.rules.place import InNode
from seldon_infra.servers.bandits import EpsilonGreedy, ThompsonSampling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seldon_infra.servers.bandits import Bandit


def there_is_a_choice(at: InNode) -> Iterator[Problem]:
    """One child is always the best."""
    server = _bandit(at)
    if server and len(at.node.children) < 2:
        got, want = f"{type(server).__name__} has {len(at.node.children)} child", "must have two to choose from"
        yield Problem(at.path, got, want, "add a child, or use the child alone")


def epsilon_is_a_share(at: InNode) -> Iterator[Problem]:
    """A share of requests, not a percentage."""
    server = _bandit(at)
    if isinstance(server, EpsilonGreedy) and not 0 <= server.epsilon <= 1:
        fix = f"write epsilon={server.epsilon / 100:g}" if 1 < server.epsilon <= 100 else "write epsilon=0.1"
        yield Problem(at.path, f"epsilon {server.epsilon:g}", "must be from 0 to 1", fix)


def pod_runs_and_keeps_it(at: InNode) -> Iterator[Problem]:
    """A cluster runs an image, and a pod that is replaced has forgotten what is in no volume."""
    server = _bandit(at)
    if server is None:
        return
    name = type(server).__name__
    if server.image is None:
        fix = f"build it from `seldon-infra containerfile {at.deployment.name} {at.node.name}` and write image=…"
        yield Problem(at.path, f"{name} has no image", "must be given for a cluster, which runs images", fix)
    if server.claim is None:
        want = "must be given for a cluster, or each new pod begins anew"
        yield Problem(at.path, f"{name} has no claim", want, "make a PersistentVolumeClaim and write claim='its-name'")


def _bandit(at: InNode) -> Bandit | None:
    return at.node.server if isinstance(at.node.server, EpsilonGreedy | ThompsonSampling) else None


NODE_RULES = (there_is_a_choice, epsilon_is_a_share)
MANIFEST_NODE_RULES = (pod_runs_and_keeps_it,)
