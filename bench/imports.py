"""What declaring a deployment costs a fresh interpreter, against one bare pydantic model."""

from __future__ import annotations

import subprocess
import sys

from bench.table import Figure, in_turns

BARE = "from pydantic import BaseModel\nclass A(BaseModel):\n    x: int\nA(x=1)"
DEPLOYMENT = """
from seldon_infra import Model, Predictor, SeldonDeployment, SklearnServer
SeldonDeployment(name="iris", protocol="v2", predictors=[Predictor(name="main", graph=Model(
    name="classify", server=SklearnServer(), model_uri="models/iris"))])
"""
ROUNDS = 11


def figures() -> list[Figure]:
    """Measure both in turns."""
    deployment, bare = in_turns(lambda: _python(DEPLOYMENT), lambda: _python(BARE), rounds=ROUNDS)
    return [
        Figure("one bare pydantic model", f"{bare:.3f} s"),
        Figure("seldon_infra and one deployment", f"{deployment:.3f} s"),
        Figure("difference", f"{deployment - bare:+.3f} s", "aim: at most +0.100 s"),
    ]


def _python(program: str) -> None:
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
