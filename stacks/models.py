"""What every environment serves, once; an environment says where, how much and from which store."""

from __future__ import annotations

from seldon_infra import (
    MLServerRuntime,
    Model,
    Predictor,
    Resources,
    SeldonDeployment,
    SklearnServer,
    TritonServer,
)

HELD_OUT = "stacks/digits/models/heldout.json"
"""Rows that no model has seen, for `predict` and `verify`."""


def digits(
    models: str = "stacks/digits/models",
    *,
    scale_image: str = "ghcr.io/example/digits-scale:1.0.0",
    canary_traffic: int = 10,
    replicas: int | None = None,
    resources: Resources | None = None,
) -> SeldonDeployment:
    """Handwritten digits: a chain that scales pixels and classifies them, and a canary with another classifier.

    Args:
        models: where the trained models are: a folder of the project, or a store's URI.
        scale_image: image with the scaling class for a cluster; on this machine the class itself runs.
        canary_traffic: the canary's share, in percent.
        replicas: copies of each predictor; None leaves it to the cluster.
        resources: what each model server asks for; None sets nothing.
    """

    def scale(classify: Model) -> Model:
        server = MLServerRuntime(source="stacks/digits/scale.py", class_name="Scale", image=scale_image)
        return Model(name="scale", server=server, resources=resources, children=(classify,))

    main = Model(name="classify", server=SklearnServer(), model_uri=f"{models}/classify", resources=resources)
    canary = Model(name="classify", server=TritonServer(), model_uri=f"{models}/canary", resources=resources)
    return SeldonDeployment(
        name="digits",
        namespace="models",
        protocol="v2",
        replicas=replicas,
        predictors=(
            Predictor(name="main", graph=scale(main), traffic=100 - canary_traffic),
            Predictor(name="canary", graph=scale(canary), traffic=canary_traffic),
        ),
    )
