"""The figures' own stack: one model, and a setting ``revision`` whose change replaces the server and nothing else."""

from seldon_infra import EnvVar, Local, Model, Predictor, SeldonDeployment, SklearnServer, Stack, config

stack = Stack(
    target=Local(),
    deployments=[
        SeldonDeployment(
            name="iris",
            namespace="bench",
            protocol="v2",
            predictors=[
                Predictor(
                    name="main",
                    graph=Model(
                        name="classify",
                        server=SklearnServer(),
                        model_uri="model",
                        env=[EnvVar(name="REVISION", value=config("revision", str, default="0"))],
                    ),
                )
            ],
        )
    ],
)
