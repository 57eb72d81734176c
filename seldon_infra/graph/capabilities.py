"""What a target would drop in silence: a table of settings by the ways on which they are lost, and what reads it.

A setting that nobody reads is worse than one that is refused, so each is an error before anything changes. The page
docs/checks.md prints this table. Read in SeldonIO/seldon-core 1.17.1 and 1.19.0-rc.1 (``operator/controllers``) and in
emissary-ingress (``python/ambassador``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from seldon_infra.core.model import known, title
from seldon_infra.core.problems import Problem
from seldon_infra.core.quantity import parse_duration
from seldon_infra.graph.rules.place import predictors, scaled_in
from seldon_infra.graph.spec import SeldonDeployment

Way: TypeAlias = Literal["istio", "ambassador", "ambassador-v1"]
"""How a cluster leads requests to deployments: Istio's VirtualServices, Emissary's Mappings, or the annotations of old
Ambassadors (``ambassador.version: v1`` in the operator's chart)."""
Use: TypeAlias = tuple[str, str]
"""Where a setting is used: the object in the user's words, and the setting with its value."""

WAYS: tuple[Way, ...] = ("istio", "ambassador", "ambassador-v1")
USUAL: tuple[Way, ...] = ("istio", "ambassador")
"""What a cluster is taken to have as long as nobody knows: the two that the operator's chart offers."""
AMBASSADOR_SECONDS = 3
"""Time-out of a Mapping where ``timeouts.rest`` says nothing."""


@dataclass(frozen=True)
class Capability:
    """A setting, where it is lost, and what to write instead."""

    setting: str
    """As the page names it."""
    lost: Mapping[Way, str]
    """Ways on which it is lost, with the reason that a message gives."""
    used: Callable[[SeldonDeployment], Iterator[Use]]
    """Finds where a deployment relies on it."""
    fix: str


def engine_resources(deployment: SeldonDeployment) -> Iterator[Use]:
    """Find amounts in the field that the operator does not read."""
    return ((at.path, "engine_resources") for at in predictors(deployment) if at.predictor.engine_resources)


def orchestrators_replicas(deployment: SeldonDeployment) -> Iterator[Use]:
    """Find a number of orchestrators where these share the pods of nodes."""
    for at in predictors(deployment) if not deployment.engine_separate_pod else ():
        if at.predictor.orchestrator and at.predictor.orchestrator.replicas is not None:
            yield at.path, "orchestrator.replicas without engine_separate_pod"


def more_than_one_budget(deployment: SeldonDeployment) -> Iterator[Use]:
    """Find all disruption budgets but the first."""
    held = [(path, "pdb") for at in predictors(deployment) for path, holder in scaled_in(at) if holder.pdb]
    yield from ((path, f"{field}, a second one") for path, field in held[1:])


def retries_timeout(deployment: SeldonDeployment) -> Iterator[Use]:
    """Find a time-out of attempts that are never made."""
    if deployment.istio and deployment.istio.retries_timeout is not None and deployment.istio.retries is None:
        yield title(deployment), "istio.retries_timeout without istio.retries"


def sticky(deployment: SeldonDeployment) -> Iterator[Use]:
    """Find a sticky session."""
    if deployment.sticky:
        yield title(deployment), "sticky"


def rollout(deployment: SeldonDeployment) -> Iterator[Use]:
    """Find a change of traffic in steps."""
    if deployment.rollout:
        yield title(deployment), "rollout"


def ambassador_config(deployment: SeldonDeployment) -> Iterator[Use]:
    """Find a whole configuration for Ambassador."""
    if deployment.ambassador and deployment.ambassador.config is not None:
        yield title(deployment), "ambassador.config"


def regex_header(deployment: SeldonDeployment) -> Iterator[Use]:
    """Find a header that is matched by an expression."""
    if deployment.ambassador and deployment.ambassador.regex_header is not None:
        yield title(deployment), "ambassador.regex_header"


def timeouts_without_orchestrator(deployment: SeldonDeployment) -> Iterator[Use]:
    """Find time-outs where there is no orchestrator to keep them."""
    for at in predictors(deployment) if deployment.timeouts else ():
        if at.predictor.no_engine:
            yield at.path, "no_engine=True with timeouts on the deployment"


def longer_grpc_timeout(deployment: SeldonDeployment) -> Iterator[Use]:
    """Find calls over gRPC that may take longer than requests over REST."""
    waits = deployment.timeouts
    grpc, rest = (known(waits.grpc), known(waits.rest)) if waits else (None, None)
    if waits and grpc is not None and (waits.rest is None or rest is not None):
        longest = AMBASSADOR_SECONDS if rest is None else parse_duration(rest) or 0
        if (parse_duration(grpc) or 0) > longest:
            yield title(deployment), f"timeouts.grpc '{grpc}' over timeouts.rest {f'{rest!r}' if rest else 'not set'}"


def shadow_without_share(deployment: SeldonDeployment) -> Iterator[Use]:
    """Find a shadow that says nothing of its share."""
    for at in predictors(deployment):
        if at.predictor.shadow and (at.predictor.traffic is None or known(at.predictor.traffic) == 0):
            yield at.path, f"shadow with traffic {'not set' if at.predictor.traffic is None else 0}"


def nothing_for_a_later_one(deployment: SeldonDeployment) -> Iterator[Use]:
    """Find a predictor after the first that gets nothing."""
    for at in list(predictors(deployment))[1:]:
        if not at.predictor.shadow and (at.predictor.traffic is None or known(at.predictor.traffic) == 0):
            yield at.path, "traffic 0"


def _everywhere(reason: str) -> Mapping[Way, str]:
    return dict.fromkeys(WAYS, reason)


_GRPC = f"a Mapping gives gRPC the time-out of REST, {AMBASSADOR_SECONDS} s where that is not set"

CAPABILITIES: tuple[Capability, ...] = (
    Capability(
        "`engine_resources`",
        _everywhere("Seldon's operator reads the orchestrator's own resources alone"),
        engine_resources,
        "write orchestrator=Orchestrator(resources=…)",
    ),
    Capability(
        "`orchestrator.replicas`, without `engine_separate_pod`",
        _everywhere("an orchestrator beside the nodes has no pods of its own"),
        orchestrators_replicas,
        "write replicas on the predictor, or engine_separate_pod=True",
    ),
    Capability(
        "`pdb` on more than one predictor or node",
        _everywhere("each covers all pods of the deployment, and a pod under two budgets is never evicted"),
        more_than_one_budget,
        "write one pdb for the deployment",
    ),
    Capability(
        "`sticky`",
        _everywhere("no route of the operator's looks at a header to choose a predictor"),
        sticky,
        "remove sticky, or route by an ABTest in the graph",
    ),
    Capability(
        "`rollout`",
        {"ambassador-v1": "an annotation has no weight of 0, which a version has before and after its steps"},
        rollout,
        "set ambassador.version=v2 in the operator's chart, or remove rollout",
    ),
    Capability(
        "`istio.retries_timeout`, without `istio.retries`",
        _everywhere("it bounds attempts that are made only with istio.retries"),
        retries_timeout,
        "write istio.retries, or remove istio.retries_timeout",
    ),
    Capability(
        "`timeouts`, with `no_engine`",
        {"istio": "it is the orchestrator that keeps them"},
        timeouts_without_orchestrator,
        "remove no_engine or timeouts",
    ),
    Capability(
        "`timeouts.grpc` longer than `timeouts.rest`",
        {"ambassador": _GRPC},
        longer_grpc_timeout,
        "write timeouts.rest as long",
    ),
    Capability(
        "`shadow` without `traffic`",
        {"ambassador": "Mappings copy the share that traffic names, none where it is not set"},
        shadow_without_share,
        "write traffic=100",
    ),
    Capability(
        "`traffic` of 0, after the first predictor",
        {"ambassador-v1": "an annotation has no weight of 0, and without weights all get the same share"},
        nothing_for_a_later_one,
        "set ambassador.version=v2 in the operator's chart, or remove the predictor",
    ),
    Capability(
        "`ambassador.config`",
        {
            "istio": "only annotations of old Ambassadors hold it",
            "ambassador": "Mappings do not hold it, only annotations of old Ambassadors do",
        },
        ambassador_config,
        "declare a Mapping of your own",
    ),
    Capability(
        "`ambassador.regex_header`",
        _everywhere("Seldon's operator reads ambassador.header in its place, and stops without that"),
        regex_header,
        "write ambassador.header, or declare a Mapping of your own",
    ),
)


def lost(deployment: SeldonDeployment, ways: tuple[Way, ...] = USUAL) -> Iterator[Problem]:
    """Find settings that are lost on every one of the ways that a deployment may be reached by.

    Args:
        deployment: what is declared.
        ways: what its cluster has, or may have as far as is known.
    """
    for capability in CAPABILITIES if ways else ():
        reasons = [capability.lost[way] for way in ways if way in capability.lost]
        if len(reasons) == len(ways):
            for path, got in capability.used(deployment):
                yield Problem(path, got, f"must not be: {reasons[-1]}", capability.fix)


def table() -> str:
    """The table as Markdown."""
    heads = {"istio": "Istio", "ambassador": "Ambassador", "ambassador-v1": "Ambassador, by annotations"}
    rows = [[capability.setting, *(_cell(capability.lost.get(way)) for way in WAYS)] for capability in CAPABILITIES]
    lines = [["setting", *heads.values()], ["---"] * (len(WAYS) + 1), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(reason: str | None) -> str:
    return "yes" if reason is None else f"error: {reason}"
