"""Runs a program that declares deployments, with the SDK's test double in the engine's place."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = """
import json
import logging
import pulumi
from pulumi.runtime import Mocks, set_mocks

class Recorder(Mocks):
    def __init__(self):
        self.made = []
    def new_resource(self, args):
        self.made.append([args.typ, args.name, args.inputs])
        addresses = {"http": "127.0.0.1:1", "grpc": "127.0.0.1:2", "metrics": "127.0.0.1:4"}
        known = {"addresses": addresses, "path": "/copy", "address": "127.0.0.1:3"}
        if args.typ == "docker-build:index:Image":
            known = {"ref": args.inputs["tags"][0] + "@sha256:" + "0a" * 32}
        return args.name, {**args.inputs, **known}
    def call(self, args):
        return {}

# What a preview says in passing is shown, too.
logging.basicConfig(level=logging.INFO)
recorder = Recorder()
set_mocks(recorder, preview=PREVIEW)

from pathlib import Path
from seldon_infra import *
from seldon_infra.targets import deploy

later, secret = pulumi.Output.from_input, pulumi.Output.secret
Path("a.py").touch()

def model(name="m", **fields):
    server = SklearnServer() if isinstance(TARGET, Kubernetes) else PythonServer(source="a.py", class_name="A")
    uri = "s3://b/m" if isinstance(TARGET, Kubernetes) else None
    return Model(**{"name": name, "server": server, "model_uri": uri, **fields})

def predictor(name="a", **fields):
    return Predictor(**{"name": name, "graph": model(), **fields})

def deployment(*predictors, **fields):
    return SeldonDeployment(**{"name": "d", "namespace": "ns", "predictors": predictors or (predictor(),), **fields})

TARGET = TARGET_TEXT
@pulumi.runtime.test
def declare():
    deploy(TARGET, (DEPLOYMENTS,), Path.cwd(), (SERVERS))

declare()
print(json.dumps(recorder.made, default=str))
"""


@dataclass(frozen=True)
class Declared:
    """What a program asked the engine for, or what it said instead."""

    made: list[tuple[str, str, dict[str, Any]]]
    said: str

    def one(self, kind: str) -> dict[str, Any]:
        """Give the inputs of the only resource of a kind, which is the last part of its type; components have none."""
        objects = [(typ, inputs) for typ, _, inputs in self.made if not typ.startswith("seldon:index:")]
        (inputs,) = [inputs for typ, inputs in objects if typ.endswith(f":{kind}")]
        return inputs


def declare(deployments: str, target: str, folder: Path, *, preview: bool = False, servers: str = "") -> Declared:
    """Declare deployments and model servers, written as Python, on a target; one that fails has made what is there."""
    program = PROGRAM.replace("TARGET_TEXT", target).replace("DEPLOYMENTS", deployments)
    program = program.replace("(SERVERS)", f"({servers},)" if servers else "()")
    command = [sys.executable, "-c", program.replace("PREVIEW", str(preview))]
    # The cluster of whoever runs the tests is not asked.
    environment = os.environ | {"KUBECONFIG": str(folder / "no-kubeconfig")}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, env=environment)
    made = json.loads(done.stdout) if done.returncode == 0 else []
    return Declared([tuple(each) for each in made], done.stderr)
