"""Handwritten digits on Triton, on GPUs of an EKS cluster that the stack makes; without pods there are no GPU nodes."""

from seldon_infra import (
    Amounts,
    ClusterAutoscaler,
    EksCluster,
    GpuNodes,
    Istio,
    Kubernetes,
    Model,
    NewVpc,
    NodeGroup,
    Predictor,
    Resources,
    Scaling,
    SeldonCore,
    SeldonDeployment,
    Stack,
    TimeSlicing,
    TritonServer,
    config,
)

cluster = EksCluster(
    name="gpu",
    region="eu-west-1",
    version="1.34",
    network=NewVpc(zones=("eu-west-1a", "eu-west-1b")),
    node_groups=(
        NodeGroup(name="system", instance_types=("m7i.large",), scaling=Scaling(minimum=2, maximum=4)),
        GpuNodes(
            name="l4",
            instance_types=("g6.2xlarge",),
            scaling=Scaling(minimum=0, maximum=4),
            sharing=TimeSlicing(replicas=2),
        ),
    ),
    autoscaler=ClusterAutoscaler(),
)

stack = Stack(
    target=Kubernetes(cluster=cluster, seldon_core=SeldonCore(), ingress=Istio()),
    deployments=(
        SeldonDeployment(
            name="digits",
            namespace="models",
            protocol="v2",
            predictors=(
                Predictor(
                    name="main",
                    replicas=2,
                    graph=Model(
                        name="classify",
                        server=TritonServer(),
                        model_uri=config("models", str),
                        resources=Resources(
                            requests=Amounts(cpu=2, memory="8Gi"),
                            limits=Amounts(gpu=1, memory="8Gi"),
                            gpu_memory="8Gi",
                        ),
                    ),
                ),
            ),
        ),
    ),
)
