"""Print a token for a cluster at EKS, as Kubernetes' clients ask for it: kubeconfigs of a stack call this.

It signs with the credentials that boto3 finds (AWS_PROFILE, AWS_ACCESS_KEY_ID, a role of the machine) and calls nobody.
"""

from __future__ import annotations

import argparse
import json

from seldon_infra.eks.token import credential, token


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--cluster", required=True, help="name of the cluster at EKS")
    parser.add_argument("--region", help="its region; by default the credentials' own")


def run(arguments: argparse.Namespace) -> int:
    """Print an ExecCredential."""
    print(json.dumps(credential(token(arguments.cluster, arguments.region))))
    return 0
