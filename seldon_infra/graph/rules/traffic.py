"""Rules about predictors side by side: traffic, shadows, replicas, Kafka."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seldon_infra.core.model import is_later, known, title
from seldon_infra.core.problems import Problem
from seldon_infra.graph.rules.place import InPredictor, below, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seldon_infra.graph.spec import Predictor, SeldonDeployment

_KAFKA = ("KAFKA_BROKER", "KAFKA_INPUT_TOPIC", "KAFKA_OUTPUT_TOPIC")


def some_predictor(deployment: SeldonDeployment) -> Iterator[Problem]:
    """The webhook refuses a deployment without predictors."""
    if not deployment.predictors:
        yield Problem(title(deployment), "predictors is empty", "must hold at least one", "add a Predictor")


def traffic_is_percent(at: InPredictor) -> Iterator[Problem]:
    """Traffic is a share in percent, of a shadow too."""
    traffic = known(at.predictor.traffic)
    if traffic is not None and not 0 <= traffic <= 100:
        yield Problem(at.path, f"traffic {traffic}", "must be a percentage from 0 to 100", "write traffic=0 to 100")


def traffic_sums_to_all(deployment: SeldonDeployment) -> Iterator[Problem]:
    """Requests go somewhere: the shares of predictors that answer sum to 100."""
    live = _live(deployment)
    if len(live) < 2 or any(is_later(predictor.traffic) for predictor in live):
        return
    shares = [known(predictor.traffic) or 0 for predictor in live]
    if sum(shares) != 100:
        sums = " + ".join(str(share) for share in shares)
        yield Problem(title(deployment), f"traffic {sums} = {sum(shares)}", "must sum to 100", _share_fix(live, shares))


def only_predictor_takes_all(deployment: SeldonDeployment) -> Iterator[Problem]:
    """A share of the only predictor that answers leaves requests without an answer."""
    live = _live(deployment)
    traffic = known(live[0].traffic) if len(live) == 1 else None
    if traffic is not None and traffic != 100:
        path = InPredictor(deployment, live[0]).path
        yield Problem(path, f"traffic {traffic}", "must be 100 for the only predictor that answers", "remove traffic")


def one_shadow(deployment: SeldonDeployment) -> Iterator[Problem]:
    """The webhook refuses a second shadow."""
    shadows = [predictor.name for predictor in deployment.predictors if predictor.shadow]
    if len(shadows) > 1:
        names = listed([f"'{name}'" for name in shadows], "and")
        fix = f"remove shadow=True from all but '{shadows[0]}'"
        yield Problem(title(deployment), f"predictors {names} are shadows", "must be at most one", fix)


def not_only_a_shadow(deployment: SeldonDeployment) -> Iterator[Problem]:
    """Answers of a shadow are thrown away, so somebody else has to answer."""
    if deployment.predictors and not _live(deployment):
        name = deployment.predictors[0].name
        fix = f"remove shadow=True from '{name}' or add another Predictor"
        yield Problem(title(deployment), f"the only predictor '{name}' is a shadow", "must not be one", fix)


def replicas(deployment: SeldonDeployment) -> Iterator[Problem]:
    """There are no fewer than no pods."""
    yield from below(title(deployment), "replicas", deployment.replicas, 0)


def predictor_replicas(at: InPredictor) -> Iterator[Problem]:
    """The same for each predictor, its orchestrator and its explainer."""
    predictor = at.predictor
    yield from below(at.path, "replicas", predictor.replicas, 0)
    yield from below(at.path, "progress_deadline_seconds", predictor.progress_deadline_seconds, 1)
    if predictor.orchestrator:
        yield from below(at.path, "orchestrator.replicas", predictor.orchestrator.replicas, 0)
    if predictor.explainer:
        yield from below(at.path, "explainer.replicas", predictor.explainer.replicas, 0)


def kafka_environment(at: InPredictor) -> Iterator[Problem]:
    """The webhook wants to know which broker and topics."""
    if at.deployment.server_type != "kafka":
        return
    there = {variable.name for variable in at.predictor.orchestrator.env} if at.predictor.orchestrator else set()
    missing = [name for name in _KAFKA if name not in there]
    if missing:
        yield Problem(
            at.path,
            f"orchestrator.env has no {listed(missing, 'and')}",
            f"must have {listed(_KAFKA, 'and')} with server_type 'kafka'",
            f"add {', '.join(f'EnvVar(name={name!r}, value=…)' for name in missing)}",
        )


def _live(deployment: SeldonDeployment) -> list[Predictor]:
    return [predictor for predictor in deployment.predictors if not predictor.shadow]


def _share_fix(live: list[Predictor], shares: list[int]) -> str:
    """Name one predictor and the share that makes the sum right: one without a share, else the last that can."""
    missing = 100 - sum(shares)
    unset = [index for index, predictor in enumerate(live) if predictor.traffic is None]
    for index in [*unset, *reversed(range(len(live)))]:
        if 0 <= shares[index] + missing <= 100:
            return f"set traffic on '{live[index].name}' to {shares[index] + missing}"
    return f"set traffic on {listed([f'{predictor.name!r}' for predictor in live], 'and')} so that it does"


DEPLOYMENT_RULES = (
    some_predictor,
    traffic_sums_to_all,
    only_predictor_takes_all,
    one_shadow,
    not_only_a_shadow,
    replicas,
)
PREDICTOR_RULES = (traffic_is_percent, predictor_replicas, kafka_environment)
