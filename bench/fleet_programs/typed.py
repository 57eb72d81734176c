"""The fleet as this library declares it: `count` deployments of one model each."""

from seldon_infra import Kubernetes, Model, Predictor, SeldonDeployment, SklearnServer, Stack, config


def deployment(index: int) -> SeldonDeployment:
    """One model on MLServer."""
    graph = Model(name="classify", server=SklearnServer(), model_uri="s3://models/iris")
    return SeldonDeployment(
        name=f"iris-{index}", namespace="fleet", protocol="v2", predictors=[Predictor(name="main", graph=graph)]
    )


stack = Stack(target=Kubernetes(), deployments=[deployment(index) for index in range(config("count", int))])
