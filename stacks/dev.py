"""The development cluster: one replica of everything, half of the traffic on the canary."""

from seldon_infra import Kubernetes, Stack
from stacks.models import digits

stack = Stack(
    target=Kubernetes(),
    deployments=(digits("s3://models-dev/digits", scale_image="ghcr.io/example/digits-scale:dev", canary_traffic=50),),
)
