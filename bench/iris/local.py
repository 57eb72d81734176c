"""The figures' own stack: one model, and a setting ``revision`` whose change replaces the server and nothing else.

With ``interval`` it is watched: Prometheus asks that often, and an orchestrator counts what is promised.
"""

from seldon_infra import (
    EnvVar,
    Local,
    Model,
    Monitoring,
    Predictor,
    SeldonDeployment,
    SklearnServer,
    Slo,
    Stack,
    config,
)

interval = config("interval", str, default="")

stack = Stack(
    target=Local(monitoring=Monitoring(interval=interval) if interval else None),
    deployments=[
        SeldonDeployment(
            name="iris",
            namespace="bench",
            protocol="v2",
            slo=Slo(availability=99.9, latency_p99="200ms") if interval else None,
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
