"""The staging cluster: production's shape with fewer replicas."""

from seldon_infra import Amounts, Kubernetes, Resources, Stack
from stacks.models import digits

stack = Stack(
    target=Kubernetes(),
    deployments=(
        digits(
            "s3://models-staging/digits",
            replicas=1,
            resources=Resources(requests=Amounts(cpu="250m", memory="256Mi"), limits=Amounts(memory="512Mi")),
        ),
    ),
)
