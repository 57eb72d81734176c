"""Rules about protocol tensorflow on this machine, where the gateway asks a predictor's one model itself.

A path and a message name the model that is asked, and no orchestrator is between to write another name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seldon_infra.core.model import title
from seldon_infra.core.problems import Problem
from seldon_infra.graph.rules.place import InPredictor, listed
from seldon_infra.graph.walk import nodes
from seldon_infra.servers.spec import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seldon_infra.graph.spec import SeldonDeployment


def a_model_stands_alone_here(at: InPredictor) -> Iterator[Problem]:
    """A graph of several nodes needs an orchestrator, which this machine has for the other protocols."""
    found = list(nodes(at.predictor.graph))
    if at.deployment.protocol != "tensorflow" or (len(found) == 1 and isinstance(found[0].server, Server)):
        return
    got = f"{len(found)} nodes" if len(found) > 1 else f"server {type(found[0].server).__name__}"
    yield Problem(
        at.path,
        f"{got} on protocol 'tensorflow'",
        "must be one model with a server on this machine",
        f"make a deployment of each model, set protocol='seldon' on {title(at.deployment)}, or use a cluster",
    )


def models_have_one_name_here(deployment: SeldonDeployment) -> Iterator[Problem]:
    """All predictors of a deployment answer the same requests."""
    names = list(dict.fromkeys(predictor.graph.name for predictor in deployment.predictors))
    if deployment.protocol == "tensorflow" and len(names) > 1:
        quoted = listed([f"'{name}'" for name in names], "and")
        yield Problem(
            title(deployment),
            f"models {quoted} on protocol 'tensorflow'",
            "must have one name on this machine: a request names the model, whichever predictor it goes to",
            f"name all of them '{names[0]}'",
        )


LOCAL_DEPLOYMENT_RULES = (models_have_one_name_here,)
LOCAL_PREDICTOR_RULES = (a_model_stands_alone_here,)
