"""Film recommendations: an A/B test of two rankings, in which each user keeps to one."""

from seldon_infra import Local, Model, Predictor, PythonServer, SeldonDeployment, Stack, StickySession


def ranking(name: str, traffic: int) -> Predictor:
    """One side of the test."""
    server = PythonServer(source="rank.py", class_name="Rank", image="ghcr.io/example/recommend:1.0.0")
    return Predictor(name=name, traffic=traffic, graph=Model(name="rank", server=server, model_uri=f"models/{name}"))


stack = Stack(
    target=Local(),
    deployments=(
        SeldonDeployment(
            name="recommend",
            namespace="examples",
            sticky=StickySession(header="x-user"),
            predictors=(ranking("popular", 50), ranking("personal", 50)),
        ),
    ),
    samples={"recommend": "models/heldout.json"},
)
