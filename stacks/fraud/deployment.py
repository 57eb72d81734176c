"""What the demo serves beside the digits: an A/B test behind a drift detector, an explainer, and a payload log."""

from __future__ import annotations

from seldon_infra import (
    ABTest,
    ByHeader,
    DriftDetector,
    ErrorRate,
    Explainer,
    Guardrail,
    Logger,
    Model,
    OutcomeRate,
    Predictor,
    SeldonDeployment,
    SklearnServer,
    Slo,
    TreeShap,
)

USER = "x-user-id"
EXPERIMENT = "new-trees"


def fraud(models: str = "stacks/fraud/models") -> SeldonDeployment:
    """Card payments: which of them are fraud, and why.

    Args:
        models: where the trained models are.
    """
    trial = ABTest(
        name=EXPERIMENT,
        a=_forest("old", models),
        b=_forest("new", models),
        sticky_by=ByHeader(name=USER),
        metric=OutcomeRate(),
        direction="increase",
        guardrails=[Guardrail(metric=ErrorRate(), at_most=0.01)],
        min_samples=200,
    )
    watched = Model(
        name="drift", server=DriftDetector(window=100), model_uri=f"{models}/payments.csv", children=(trial,)
    )
    # An explainer that reads trees needs them alone; a shadow is asked as well, and its answers reach nobody.
    trees = Explainer(type=TreeShap(), model_uri=f"{models}/why")
    return SeldonDeployment(
        name="fraud",
        namespace="models",
        protocol="v2",
        predictors=(
            Predictor(name="main", graph=watched, traffic=100),
            Predictor(name="explained", graph=_forest("new", models), explainer=trees, shadow=True, traffic=10),
        ),
        slo=Slo(availability=99.9),
    )


def _forest(name: str, models: str) -> Model:
    logger = Logger(mode="all", sample=0.1)
    return Model(name=name, server=SklearnServer(), model_uri=f"{models}/{name}", logger=logger)
