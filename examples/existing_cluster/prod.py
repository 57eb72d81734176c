"""An iris classifier on an EKS cluster that something else has made; Seldon Core is there already."""

from seldon_infra import (
    ExistingCluster,
    Kubernetes,
    Model,
    Predictor,
    SeldonDeployment,
    SklearnServer,
    Stack,
    config,
)

stack = Stack(
    target=Kubernetes(cluster=ExistingCluster(eks_name=config("cluster", str), region=config("region", str))),
    deployments=(
        SeldonDeployment(
            name="iris",
            namespace="examples",
            protocol="v2",
            predictors=(
                Predictor(
                    name="main", graph=Model(name="classify", server=SklearnServer(), model_uri="s3://models/iris")
                ),
            ),
        ),
    ),
)
