"""What is not held against us, and why: the only list of its kind."""

from __future__ import annotations

from typing import NamedTuple


class Skip(NamedTuple):
    """Checks that are passed over for one reason."""

    why: str
    ids: frozenset[str]


def _skip(why: str, *ids: str) -> Skip:
    return Skip(why, frozenset(ids))


EVERYWHERE = (
    _skip("Seldon's images are known by tag: their digests could not be looked up when this was written", "CKV_K8S_43"),
    _skip("rclone and images of one's own read credentials from their environment alone", "CKV_K8S_35"),
)
SELDON_DEPLOYMENTS = (
    *EVERYWHERE,
    _skip(
        "the operator's budgets select all pods of a deployment; two of them on a pod would block every drain",
        "deployment-has-poddisruptionbudget",
    ),
    _skip("the operator asks an image whose paths nobody knows on its open port, twice", "pod-probes-identical"),
)
OF_THE_USER = (
    _skip("a container in Kubernetes' own words has the probes that those words give it", "CKV_K8S_8", "CKV_K8S_9"),
)
OF_THE_OPERATOR = (
    *SELDON_DEPLOYMENTS,
    _skip(
        "a SeldonDeployment says nothing of the executor, of TensorFlow Serving beside Seldon's proxy and of what"
        " fetches an explainer's model but their amounts: the operator writes them as images that are asked for when"
        " they are not there, run as user 8888 of the chart, with all capabilities and a root that can be written",
        *("CKV_K8S_15", "CKV_K8S_20", "CKV_K8S_22", "CKV_K8S_28", "CKV_K8S_30", "CKV_K8S_37", "CKV_K8S_40"),
        *("unrestricted capabilities", "allowPrivilegeEscalation != false"),
        *("container-image-pull-policy", "container-security-context-user-group-id"),
        *("container-security-context-readonlyrootfilesystem", "container-ephemeral-storage-request-and-limit"),
    ),
    _skip(
        "pods of an orchestrator of its own and of an explainer are the operator's: they have the chart's user alone"
        " and the token of the namespace's service account",
        *("CKV_K8S_31", "CKV_K8S_38", "runAsNonRoot != true", "seccompProfile"),
    ),
    _skip("TensorFlow Serving beside Seldon's proxy has neither probes nor amounts", "CKV_K8S_8", "CKV_K8S_9"),
)
AWS = (
    _skip(
        "flow logs of a network are the account's to keep: they cost by the traffic, and a stack knows no bucket",
        "CKV2_AWS_11",
    ),
    _skip(
        "a network's default security group is in use by nothing of ours: nodes have EKS's, endpoints their own; the"
        " library does not take over what AWS makes by itself",
        "CKV2_AWS_12",
    ),
    _skip("without a policy of its own a key is left to IAM's policies, which is AWS's default policy", "CKV2_AWS_64"),
)
"""Of clusters on AWS."""
