"""The production cluster."""

from seldon_infra import Amounts, Kubernetes, Resources, Stack
from stacks.models import digits

stack = Stack(
    target=Kubernetes(),
    deployments=(
        digits(
            "s3://models-prod/digits",
            replicas=3,
            resources=Resources(requests=Amounts(cpu="500m", memory="512Mi"), limits=Amounts(memory="1Gi")),
        ),
    ),
)
