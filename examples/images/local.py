"""Handwritten digits: one scikit-learn model on MLServer, asked directly."""

from seldon_infra import Local, Model, Predictor, SeldonDeployment, SklearnServer, Stack

stack = Stack(
    target=Local(),
    deployments=(
        SeldonDeployment(
            name="images",
            namespace="examples",
            protocol="v2",
            predictors=(
                Predictor(name="main", graph=Model(name="digit", server=SklearnServer(), model_uri="models/digit")),
            ),
        ),
    ),
    samples={"images": "models/heldout.json"},
)
