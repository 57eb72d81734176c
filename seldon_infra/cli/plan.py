"""Say what the next `pulumi up` does to traffic: shares, model versions, shadows, sticky users, restarts, replacements.

Where the stack makes a cluster on AWS, it says what that costs, now and then, and which node groups hold models with
GPUs. It compares what is there, read anew by
the engine, with what is declared; nothing is changed. With `--format terraform` it writes the objects of AWS as
Terraform writes a plan, which scanners such as checkov read.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace

from seldon_infra.cli.drift import add_engine_arguments
from seldon_infra.cli.engine import Engine, EngineFailed
from seldon_infra.core.errors import SeldonInfraError
from seldon_infra.drift.events import Step
from seldon_infra.eks.cost.bill import products
from seldon_infra.eks.places import Place
from seldon_infra.plan.collect import collect
from seldon_infra.plan.cost import Cost, clusters, cost, wanted
from seldon_infra.plan.places import with_gpus
from seldon_infra.plan.report import FORMATS
from seldon_infra.plan.terraform.document import terraform_plan
from seldon_infra.stack import find_project, load_stack

TERRAFORM = "terraform"
"""The objects of AWS as Terraform writes a plan, for scanners such as checkov."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_engine_arguments(parser, TERRAFORM)


def run(arguments: argparse.Namespace) -> int:
    """Print the plan; where the preview fails, its error with the engine's own exit status."""
    engine = Engine(find_project(arguments.project), arguments.stack, arguments.timeout)
    try:
        previewed = engine.run("preview", "--refresh")
    except EngineFailed as failed:
        print(failed, file=sys.stderr)
        return failed.status
    steps = list(previewed.steps.values())
    if arguments.format == TERRAFORM:
        sys.stdout.write(terraform_plan(steps))
        return 0
    plan = replace(
        collect(engine.stack, steps), counted=previewed.counted, cost=_cost(steps), places=_places(engine, steps)
    )
    sys.stdout.write(FORMATS[arguments.format](plan))
    return 0


def _places(engine: Engine, steps: Sequence[Step]) -> tuple[Place, ...]:
    """Match the definition's pods to the cluster that it makes; none where the command line cannot read it."""
    if not clusters(steps):
        return ()
    from pulumi import RunError

    from seldon_infra.targets.node_groups import places

    try:
        stack = load_stack(engine.stack, engine.project)
    except (SeldonInfraError, RunError) as error:
        print(f"which nodes hold pods with GPUs is not known: {error}", file=sys.stderr)
        return ()
    return with_gpus(places(stack.target, stack.deployments, stack.model_servers))


def _cost(steps: Sequence[Step]) -> Cost | None:
    """Ask for prices only where something of AWS is in the stack."""
    if not products((*(found := wanted(steps)).before, *found.after)):
        return None
    from seldon_infra.targets.aws_prices import extended_versions, prices

    regions = clusters(steps)
    extended = extended_versions(regions[0]) if regions else None
    found = wanted(steps, extended)
    known = prices(products((*found.before, *found.after)))
    return cost(found, known.book, known.notes)
