"""The queue by which Karpenter hears that AWS is about to take or change a machine, and the rule that fills it.

Source: Karpenter 1.14, cloudformation.yaml of its getting-started guide: its queue with a policy, and a rule for each
kind of event. Here one rule has all kinds: no event has the kind of one source and comes from another.
Its policy names the rule, where Karpenter's lets in every event of every account.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seldon_infra.core.names import shortened
from seldon_infra.eks.gpu_software.spec import Karpenter
from seldon_infra.eks.parts import Part
from seldon_infra.eks.render.policies import Document, allowed
from seldon_infra.eks.spec import EksCluster
from seldon_infra.resources.aws_words import partition

_NAME = 47
"""Most characters of a rule's name before those that make it unique."""
_RETENTION_SECONDS = 300
_KINDS = {
    "aws.ec2": (
        "EC2 Capacity Reservation Instance Interruption Warning",
        "EC2 Instance Rebalance Recommendation",
        "EC2 Instance State-change Notification",
        "EC2 Spot Instance Interruption Warning",
    ),
    "aws.health": ("AWS Health Event",),
}
"""Kinds of events by what sends them."""


def makes_queue(spec: EksCluster) -> bool:
    """Whether the stack makes the queue: Karpenter is there, and names no other."""
    return isinstance(spec.autoscaler, Karpenter) and spec.autoscaler.interruption_queue is None


def name_of(spec: EksCluster) -> str:
    """What the names of queue and rule begin with."""
    return shortened(f"{spec.name}-interruptions", _NAME)


def interruptions(spec: EksCluster) -> tuple[Part, ...]:
    """The queue, then the rule."""
    if not makes_queue(spec):
        return ()
    inputs = {"region": spec.region, "tags": spec.tags, "name": name_of(spec)}
    kept: Mapping[str, object] = {"retention_seconds": _RETENTION_SECONDS, "policy": _policy(spec)}
    queue = Part("interruptions", "SqsQueue", {**inputs, **kept})
    kinds = [kind for each in _KINDS.values() for kind in each]
    sent: dict[str, object] = {
        "description": f"Karpenter of cluster {spec.name} hears of interruptions",
        "pattern": {"source": list(_KINDS), "detail-type": kinds},
        "targets": {"queue": queue["arn"]},
    }
    return (queue, Part("interruptions", "EventRule", {**inputs, **sent}))


def _policy(spec: EksCluster) -> Document:
    """Events of the rule alone come in, and nothing by an open line."""
    part, region, name = partition(spec.region), spec.region, name_of(spec)
    queue = f"arn:{part}:sqs:{region}:{spec.account or '*'}:{name}-*"
    rule = f"arn:{part}:events:{region}:{spec.account or '*'}:rule/{name}-*"
    send: dict[str, Any] = {
        "Sid": "Events",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnLike": {"aws:SourceArn": rule}},
    }
    closed: dict[str, Any] = {
        "Sid": "EncryptedAlone",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": queue,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return allowed([send, closed])
