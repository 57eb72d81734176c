"""Rules about rollouts: steps that lead somewhere, times that can be read, gates that can hold and fail."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from seldon_infra.core.model import title
from seldon_infra.core.names import LABEL_LIMIT
from seldon_infra.core.problems import ARROW, Problem
from seldon_infra.core.quantity import parse_duration
from seldon_infra.experiments.rollout import (
    NEXT,
    AccuracyGate,
    DifferenceGate,
    ErrorGate,
    LatencyGate,
    MirrorGate,
    SmokeGate,
)
from seldon_infra.graph.rules.names import object_names
from seldon_infra.graph.rules.place import predictors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seldon_infra.experiments.rollout import Gate
    from seldon_infra.graph.rules.place import InPredictor
    from seldon_infra.graph.spec import SeldonDeployment


_ASKING = (SmokeGate, AccuracyGate, DifferenceGate)
_COUNTING = (ErrorGate, LatencyGate, MirrorGate)


def steps_lead_to_the_end(deployment: SeldonDeployment) -> Iterator[Problem]:
    """Each step goes further, and the last is all of the way."""
    if deployment.rollout is None:
        return
    steps = list(deployment.rollout.steps)
    if not steps or steps[-1] != 100 or steps[0] < 1 or any(a >= b for a, b in itertools.pairwise(steps)):
        rule = "must ascend from 1 or more to 100"
        yield Problem(_path(deployment), f"steps {tuple(steps)}", rule, "write steps=(1, 10, 50, 100)")


def times_are_durations(deployment: SeldonDeployment) -> Iterator[Problem]:
    """How long a step lasts and waits can be read."""
    if deployment.rollout is None:
        return
    for field in ("hold", "patience"):
        text = getattr(deployment.rollout, field)
        if parse_duration(text) is None:
            yield Problem(_path(deployment), f"{field} '{text}'", "must be a duration", f'write {field}="10m"')


def gates_can_hold_and_fail(deployment: SeldonDeployment) -> Iterator[Problem]:
    """Shares are shares, durations durations, and numbers of requests above none."""
    for index, gate in enumerate(deployment.rollout.gates if deployment.rollout else ()):
        for got, rule, fix in _wrong(gate):
            yield Problem(_path(deployment), f"gates[{index}] {got}", rule, fix)


def gates_know_the_protocol(deployment: SeldonDeployment) -> Iterator[Problem]:
    """Requests are counted by orchestrators, of which protocol tensorflow and no_engine have none."""
    gates = deployment.rollout.gates if deployment.rollout else ()
    counting = next((gate.kind for gate in gates if isinstance(gate, _COUNTING)), None)
    alone = [at.path for at in predictors(deployment) if at.predictor.no_engine]
    if counting and (deployment.protocol == "tensorflow" or alone):
        yield Problem(
            _path(deployment),
            f"gate '{counting}' where no orchestrator counts requests",
            "must have one",
            "remove no_engine, or the gate" if alone else "use gates of smoke, accuracy or difference",
        )


def name_on_the_way_fits(at: InPredictor) -> Iterator[Problem]:
    """A changed predictor has a longer name on a cluster until it takes over from the old one; nobody else has it."""
    name = f"{at.predictor.name}{NEXT}"
    if at.deployment.rollout is None or at.predictor.shadow:
        return
    if any(each.name == name for each in at.deployment.predictors):
        want = f"must be left to the rollout of '{at.predictor.name}' on a cluster"
        yield Problem(title(at.deployment), f"predictor name '{name}'", want, f"rename '{name}'")
    for made in object_names(at, name):
        if len(made) > LABEL_LIMIT:
            fix = f"shorten the names of deployment, predictor or nodes by {len(made) - LABEL_LIMIT}, or remove rollout"
            want = f"must have at most {LABEL_LIMIT}"
            yield Problem(at.path, f"object name '{made}' of a rollout has {len(made)} characters", want, fix)


def requests_come_by_share(deployment: SeldonDeployment) -> Iterator[Problem]:
    """An ingress leads requests to versions by their shares; messages of Kafka come to each."""
    if deployment.rollout and deployment.server_type == "kafka":
        got, want = "rollout with server_type 'kafka'", "must not be: traffic splits requests, and no messages"
        yield Problem(title(deployment), got, want, "remove rollout")


def gates_can_ask(deployment: SeldonDeployment) -> Iterator[Problem]:
    """On a cluster gates ask over gRPC through the API server, which vouches for no certificate of a pod's."""
    gates = deployment.rollout.gates if deployment.rollout else ()
    certified = [at.path for at in predictors(deployment) if at.predictor.ssl]
    if deployment.transport == "grpc" and certified and any(isinstance(gate, _ASKING) for gate in gates):
        got, want = "gates with transport 'grpc' and ssl", "must not be on a cluster, where gates trust no certificate"
        yield Problem(_path(deployment), got, want, "remove transport, or ssl, or use gates of errors and latency")


def copies_come_over_rest(deployment: SeldonDeployment) -> Iterator[Problem]:
    """Orchestrators keep requests over REST."""
    copying = any(isinstance(gate, MirrorGate) for gate in (deployment.rollout.gates if deployment.rollout else ()))
    if copying and deployment.transport == "grpc":
        got, want = "MirrorGate with transport 'grpc'", "must have requests over REST, which alone are copied"
        yield Problem(_path(deployment), got, want, "remove transport, or use a DifferenceGate")


def _wrong(gate: Gate) -> Iterator[tuple[str, str, str]]:
    share = "must be a share from 0 to 1"
    match gate:
        case SmokeGate(rows=rows) if rows < 1:
            yield f"rows {rows}", "must be at least one", "write rows=3"
        case AccuracyGate(at_least=least) if not 0 < least <= 1:
            yield f"at_least {least:g}", "must be a share above 0, at most 1", "write at_least=0.9"
        case DifferenceGate(at_most=most) | ErrorGate(at_most=most) | MirrorGate(at_most=most) if not 0 <= most < 1:
            yield f"at_most {most:g}", f"{share}, below 1", "write at_most=0.01"
        case LatencyGate(at_most=text) if not parse_duration(text):
            yield f"at_most '{text}'", "must be a duration", 'write at_most="200ms"'
        case LatencyGate(quantile=quantile) if not 0 < quantile < 1:
            yield f"quantile {quantile:g}", "must be a share between 0 and 1", "write quantile=0.99"
    if isinstance(gate, _COUNTING) and gate.min_requests < 1:
        yield f"min_requests {gate.min_requests}", "must be at least one", "write min_requests=100"


def _path(deployment: SeldonDeployment) -> str:
    return f"{title(deployment)}{ARROW}rollout"


CLUSTER_DEPLOYMENT_RULES = (requests_come_by_share, gates_can_ask)
CLUSTER_PREDICTOR_RULES = (name_on_the_way_fits,)
DEPLOYMENT_RULES = (
    steps_lead_to_the_end,
    times_are_durations,
    gates_can_hold_and_fail,
    gates_know_the_protocol,
    copies_come_over_rest,
)
