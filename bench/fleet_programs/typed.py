"""The fleet as this library declares it: `count` deployments of one model each."""

from seldon_infra import Kubernetes, Model, Predictor, S3Storage, SeldonDeployment, SklearnServer, Stack, config

STORE = S3Storage(access_key_id="reader", secret_access_key="not of any account")


def deployment(index: int) -> SeldonDeployment:
    """One model on MLServer, with the keys of its store."""
    graph = Model(name="classify", server=SklearnServer(), model_uri="s3://models/iris")
    return SeldonDeployment(
        name=f"iris-{index}",
        namespace="fleet",
        protocol="v2",
        predictors=[Predictor(name="main", graph=graph)],
        storage=[STORE],
    )


stack = Stack(target=Kubernetes(), deployments=[deployment(index) for index in range(config("count", int))])
