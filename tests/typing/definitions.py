"""Definitions for the type checker alone: a line that must be refused says so at its end, any other must pass."""

import pulumi

from seldon_infra import (
    ABTest,
    Alerts,
    Ambassador,
    Amounts,
    AverageCombiner,
    ByField,
    ByHeader,
    CatalogueServer,
    Combiner,
    DriftDetector,
    EksCluster,
    EnvVar,
    ErrorGate,
    ErrorRate,
    ExistingCluster,
    Explainer,
    GpuNodes,
    Istio,
    KafkaLogin,
    Karpenter,
    Keda,
    Kubernetes,
    LatencyGate,
    LatencyQuantile,
    Local,
    Mig,
    MirrorGate,
    MLServerRuntime,
    Model,
    Monitoring,
    NetworkPolicy,
    NewVpc,
    Node,
    NodeGroup,
    NodePool,
    OutputTransformer,
    Parameter,
    PayloadKafka,
    PayloadLog,
    PayloadVolume,
    Predictor,
    PrometheusStack,
    PythonServer,
    QueueTime,
    RandomAbTest,
    Resources,
    Rollout,
    Router,
    S3Storage,
    Scaling,
    SeldonCore,
    SeldonDeployment,
    SklearnServer,
    Stack,
    Tls,
    Transformer,
    TreeShap,
    config,
    secret,
)
from seldon_infra.triton import EnsembleStep, InstanceGroup, Tensor, TritonEnsemble, TritonModel

x = Tensor(name="x", dtype="FP32", dims=(1,))
step = EnsembleStep(model="m", inputs={"x": "x"}, outputs={"x": "y"})
TritonModel(name="m", inputs=(x,), outputs=(x,), instance_groups=(InstanceGroup(kind="AUTO"),))
TritonEnsemble(name="e", inputs=(x,), outputs=(x,), steps=(step,))
Tensor(name="x", dtype="FLOAT", dims=(1,))  # refused: arg-type
TritonEnsemble(name="e", inputs=(x,), outputs=(x,), steps=(step,), instance_groups=())  # refused: call-arg
TritonEnsemble(name="e", inputs=(x,), outputs=(x,))  # refused: call-arg

Explainer(type=TreeShap(background=10), model_uri="explainers/trees")
Explainer(type="TreeShap", model_uri="explainers/trees")
Explainer(type="TreeShapley", model_uri="explainers/trees")  # refused: arg-type
TreeShap(output="log")  # refused: arg-type
Model(name="drift", server=DriftDetector(window=100), model_uri="rows.csv")

later: pulumi.Output[int] = pulumi.Output.from_input(3)
text: pulumi.Output[str] = pulumi.Output.from_input("x")
python = PythonServer(source="nodes.py", class_name="Node")
leaf = Model(name="leaf", server=SklearnServer(), model_uri=text)

# Triton's wait, and a server that is a folder
Keda(min_replica_count=1, queue_time=QueueTime(prometheus=text, labels={"model": "m"}))
Keda(queue_time=QueueTime(labels={"model": "m"}))  # refused: call-arg
Model(name="prices", server=CatalogueServer(name="table"))
CatalogueServer(name="table", speaks=("http",))  # refused: arg-type
Local(changed_models="load")
Local(changed_models="reload")  # refused: arg-type

# Shapes
chain = Model(name="scale", server=MLServerRuntime(source="s.py", class_name="S"), children=(leaf,))
combiner = Combiner(name="mean", server=AverageCombiner(), children=(leaf, chain))
router = Router(name="route", server=RandomAbTest(ratio_a=0.2), children=(combiner, leaf))
root = OutputTransformer(name="out", server=python, child=Transformer(name="in", server=python, child=router))
Combiner(name="mean", server=AverageCombiner(), children=(leaf,))  # refused: arg-type
Router(name="route", server=python, children=())  # refused: arg-type
Model(name="two", server=python, children=(leaf, leaf))  # refused: arg-type
Transformer(name="in", server=python)  # refused: call-arg
Model(name="leaf", server="SKLEARN_SERVER")  # refused: arg-type
Model(name="leaf", server=AverageCombiner())  # refused: arg-type
Combiner(name="mean", server=RandomAbTest(), children=(leaf, leaf))  # refused: arg-type

# Fields
main = Predictor(name="main", graph=root, traffic=later, replicas=2)
deployment = SeldonDeployment(name="d", protocol="v2", replicas=later, predictors=[main])
stack = Stack(target=Local(), deployments=[deployment])
other = Stack(target=Kubernetes(), deployments=(deployment,), samples={"d": "rows.json"})
Kubernetes(seldon_core=SeldonCore(keda=True), ingress=Istio(hosts=["a.example.com"], tls=Tls(secret=text)))
Kubernetes(ingress=Ambassador(existing=True))
group = NodeGroup(name="a", instance_types=["m7i.large"], scaling=Scaling(maximum=2))
gpus: NodeGroup = GpuNodes(name="b", instance_types=("g6.xlarge",), scaling=Scaling(maximum=2), capacity="spot")
network = NewVpc(zones=["eu-west-1a", "eu-west-1b"], nat="per_zone")
made = EksCluster(name="c", region="r", version="1.34", network=network, node_groups=(group, gpus), secrets_key=text)
Kubernetes(cluster=made)
Kubernetes(cluster=ExistingCluster(kubeconfig=text))
EksCluster(name="c", region="r", version=1.34, network=network, node_groups=(group,))  # refused: arg-type
NodeGroup(name="a", instance_types=("m7i.large",), scaling=Scaling(maximum=2), capacity="cheap")  # refused: arg-type
Kubernetes(ingress=Istio(tls="seldon-tls"))  # refused: arg-type
SeldonCore(webhook_certificate="mine")  # refused: arg-type
Model(name="m", server=python, env=(EnvVar(name="A", value=text),), parameters=[Parameter(name="b", value=1)])
Model(name="m", server=python, resources=Resources(requests=Amounts(cpu="500m", gpu=1)))
Model(name="m", server=python, resources=Resources(limits=Amounts(gpu=1), gpu_memory="16Gi"))
GpuNodes(name="g", instance_types=("g6.xlarge",), scaling=Scaling(maximum=1), sharing=Mig(profile="1g.10gb"))
GpuNodes(name="g", instance_types=("g6.xlarge",), scaling=Scaling(maximum=1), sharing=4)  # refused: arg-type
Karpenter(pools=[NodePool(name="l4", instance_types=["g6.xlarge"], maximum=4)])
ABTest(name="t", a=leaf, b=leaf, sticky_by=ByHeader(name="x-user-id"), metric=LatencyQuantile(quantile=0.9))
ABTest(name="t", a=leaf, b=leaf, sticky_by="x-user-id", metric=ErrorRate())  # refused: arg-type
ABTest(name="t", a=leaf, sticky_by=ByField(path="a"), metric=ErrorRate())  # refused: call-arg
SeldonDeployment(
    name="d", predictors=(main,), rollout=Rollout(gates=[ErrorGate(), LatencyGate(at_most="1s"), MirrorGate()])
)
Rollout(gates=["errors"])  # refused: list-item
SeldonDeployment(name="d", protocol="v3", predictors=(main,))  # refused: arg-type
SeldonDeployment(name="d", predictor=(main,))  # refused: call-arg
Predictor(name="main", graph=root, traffic="ten")  # refused: arg-type
Predictor(name="main", graph={"name": "m"})  # refused: arg-type
Model(name="m", server=python, resources={"cpu": "500m"})  # refused: arg-type
SeldonDeployment(name="d", predictors=(main,), storage=[S3Storage(access_key_id=text, secret_access_key=text)])
SeldonDeployment(name="d", predictors=(main,), service_account=None, network_policy=None)
SeldonDeployment(name="d", predictors=(main,), network_policy=NetworkPolicy(egress_ports=[443, 9000]))
SeldonDeployment(name="d", predictors=(main,), storage=[{"scheme": "s3"}])  # refused: list-item
S3Storage(provider="Acme")  # refused: arg-type
Kubernetes(ingress_url=text, ready_timeout_seconds=60)
Kubernetes(changed_models="ignore")
Kubernetes(changed_models="replace")  # refused: arg-type
Kubernetes(monitoring=Monitoring(install=PrometheusStack(values={"grafana": {"enabled": False}})))
Kubernetes(monitoring=Monitoring(install="88.5.3"))  # refused: arg-type
Kubernetes(payloads=PayloadLog(image=text, namespace="logs", files=PayloadVolume(size="20Gi")))
Kubernetes(payloads=PayloadLog(image=text, namespace="logs", files="20Gi"))  # refused: arg-type
Kubernetes(payloads=PayloadLog(image=text, namespace="logs", kafka=PayloadKafka(brokers=text, topic=text)))
Local(payload_kafka=PayloadKafka(brokers=text, topic="t", login=KafkaLogin(username=text, password=text)))
PayloadKafka(brokers=text, topic="t", acks="none")  # refused: arg-type
Kubernetes(payloads=PayloadLog(image=text))  # refused: call-arg
SeldonDeployment(name="d", predictors=(main,), alerts=Alerts(queue_time=text, stale_after_days=30))
SeldonDeployment(name="d", predictors=(main,), alerts=Alerts(stale_after_days="30d"))  # refused: arg-type
Stack(target="local", deployments=(deployment,))  # refused: arg-type
deployment.name = "e"  # refused: misc
copies: int = config("copies", int, default=1)
hidden: pulumi.Output[str] = secret("token")
wrong: str = config("copies", int, default=1)  # refused: assignment

# Types that an editor shows
below: Node = router.children[0]
counted: int = leaf.children[0]  # refused: assignment
