"""Fraud in card payments: a transformer, a router by rule, and a combiner of two models."""

from seldon_infra import (
    Combiner,
    Local,
    Model,
    Parameter,
    Predictor,
    PythonServer,
    Router,
    SeldonDeployment,
    Stack,
    Transformer,
)


def node(class_name: str) -> PythonServer:
    """A class of ``nodes.py`` in Seldon's wrapper."""
    return PythonServer(source="nodes.py", class_name=class_name, image="ghcr.io/example/fraud:1.0.0")


def model(name: str) -> Model:
    """One fitted model."""
    title = Parameter(name="title", value=name)
    return Model(name=name, server=node("Network"), model_uri=f"models/{name}", parameters=(title,))


both = Combiner(name="mean", server=node("Mean"), children=(model("linear"), model("network")))
by_amount = Router(
    name="by-amount",
    server=node("ByAmount"),
    parameters=(Parameter(name="threshold", value=50.0),),
    children=(model("quick"), both),
)
graph = Transformer(name="normalise", server=node("Normalise"), child=by_amount)

stack = Stack(
    target=Local(),
    deployments=(
        SeldonDeployment(name="fraud", namespace="examples", predictors=(Predictor(name="main", graph=graph),)),
    ),
    samples={"fraud": "models/heldout.json"},
)
