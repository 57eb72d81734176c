"""The orchestrator of one predictor: what Seldon's executor is on a cluster.

server (REST, gRPC) → front (paths of one protocol) → walk (order in a node) → wire (calls to the model servers)
"""

from __future__ import annotations


def main() -> int:
    """Serve one predictor until TERM; the console script ``seldon-infra-orchestrator``."""
    from seldon_infra.runtime.orchestrator.serve import main as serve

    return serve()


__all__ = ["main"]
