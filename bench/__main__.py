"""``make bench``: the project's figures, as ratios of one run. ``python -m bench NAME …`` runs some of them."""

from __future__ import annotations

import importlib
import sys

from bench.table import print_table

SECTIONS = {
    "imports": "Declaring a deployment in a fresh interpreter",
    "orchestrator": "Graph cost: chains of trivial nodes",
    "engine": "Pulumi: stack local against an empty Python stack",
    "gateway": "Gateway cost: one MLServer model through Envoy against the server asked directly",
    "monitoring": "Monitoring cost: one model behind an orchestrator, with Prometheus at work and held still",
    "cold": "The first `make up` of a set-up machine",
    "rollouts": "Requests during ten rollouts",
    "servers": "Each model server: through gateway and orchestrator against the server asked directly",
    "payloads": "The payload log: every payload kept against none",
    "models": "Ten scikit-learn models: ten processes against one",
    "experiments": "A/B tests: who gets which arm",
    "explanations": "Explanations by method, served and by the bare library; a detector in the graph",
    "fleet": "10 and 100 deployments on a cluster, beside pulumi_kubernetes alone, kubectl and helm",
    "aws": "A stack with a cluster on AWS, where every answer takes 20 ms",
    "console": "The console on a stack of 200 deployments",
    "large_fleet": "500 of them (hours)",
}


def main(names: list[str]) -> int:
    """Run the named sections, or all of them."""
    unknown = [name for name in names if name not in SECTIONS]
    if unknown:
        print(f"no section {', '.join(unknown)}; there are: {', '.join(SECTIONS)}", file=sys.stderr)
        return 2
    for name in names or SECTIONS:
        print_table(SECTIONS[name], importlib.import_module(f"bench.{name}").figures())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
