"""The production cluster: an EKS cluster that the stack itself makes, with what is served on it."""

from seldon_infra import (
    AccessEntry,
    Amounts,
    ClusterAutoscaler,
    EksCluster,
    GpuNodes,
    Istio,
    Kubernetes,
    NewVpc,
    NodeGroup,
    PodIdentity,
    Resources,
    Scaling,
    SeldonCore,
    Stack,
)
from stacks.models import digits

ACCOUNT = "123456789012"
"""Where it is: credentials of another account are an error. Write yours here."""

READ_MODELS = {
    "Effect": "Allow",
    "Action": ["s3:GetObject", "s3:ListBucket"],
    "Resource": ["arn:aws:s3:::models-prod", "arn:aws:s3:::models-prod/*"],
}

cluster = EksCluster(
    name="prod",
    region="eu-west-1",
    account=ACCOUNT,
    version="1.34",
    network=NewVpc(zones=("eu-west-1a", "eu-west-1b", "eu-west-1c"), nat="per_zone"),
    deployer=f"arn:aws:iam::{ACCOUNT}:role/deployer",
    access=(AccessEntry(principal=f"arn:aws:iam::{ACCOUNT}:role/data-science", level="view", namespaces=("models",)),),
    pod_identities=(PodIdentity(namespace="models", service_account="digits", statements=(READ_MODELS,)),),
    node_groups=(
        NodeGroup(name="system", instance_types=("m7i.large", "m7a.large"), scaling=Scaling(minimum=3, maximum=9)),
        GpuNodes(name="gpu", instance_types=("g5.xlarge",), scaling=Scaling(maximum=4)),
    ),
    autoscaler=ClusterAutoscaler(),
    tags={"environment": "prod"},
)

stack = Stack(
    target=Kubernetes(cluster=cluster, seldon_core=SeldonCore(), ingress=Istio()),
    deployments=(
        digits(
            "s3://models-prod/digits",
            replicas=3,
            resources=Resources(requests=Amounts(cpu="500m", memory="512Mi"), limits=Amounts(memory="1Gi")),
        ),
    ),
)
