from __future__ import annotations

from typing import Any

import pytest

from seldon_infra.graph.check import check
from seldon_infra.graph.spec import (
    Amounts,
    ContainerMetric,
    ExternalMetric,
    Hpa,
    Keda,
    KedaFallback,
    KedaTrigger,
    MetricTarget,
    ObjectMetric,
    Pdb,
    Pod,
    PodsMetric,
    Predictor,
    QueueTime,
    ResourceMetric,
    Resources,
    SeldonDeployment,
)
from seldon_infra.servers.spec import Server, SklearnServer, TritonServer
from tests.unit.graph.check.build import NODE, PREDICTOR, Row, deployment, model, of_node, of_predictor, predictor

HALF = Resources(requests=Amounts(cpu="500m"))
BUSY = ResourceMetric(name="cpu", target=MetricTarget(average_utilization=80))
QUEUE = ExternalMetric(name="queue", target=MetricTarget(value="10"))
TRIGGER = KedaTrigger(type="prometheus", metadata={"query": "up"})
ONE = "must have exactly one of min_available and max_unavailable"


def hpa(**fields: object) -> SeldonDeployment:
    return of_predictor(hpa=Hpa(**{"max_replicas": 3, "metrics": [QUEUE], **fields}))


def metric(of: object) -> SeldonDeployment:
    return of_predictor(graph=model(resources=HALF), hpa=Hpa(max_replicas=3, metrics=[of]))


def waiting(keda: dict[str, Any] | None = None, server: Server | None = None, **fields: Any) -> SeldonDeployment:
    asked = QueueTime(**{"prometheus": "http://prometheus:9090", "labels": {"model": "m"}, **fields})
    scaled = Keda(queue_time=asked, **({"min_replica_count": 1} if keda is None else keda))
    return deployment(predictor(graph=model(server=server or TritonServer()), keda=scaled), protocol="v2")


def keda(**fields: object) -> SeldonDeployment:
    return of_predictor(keda=Keda(**{"triggers": [TRIGGER], **fields}))


def pdb(**fields: object) -> SeldonDeployment:
    return of_predictor(pdb=Pdb(**fields))


def aim(**fields: object) -> MetricTarget:
    return MetricTarget(**fields)


def scaled(**fields: object) -> Predictor:
    return predictor(hpa=Hpa(max_replicas=3, metrics=[QUEUE]), **fields)


ROWS = {
    "replicas or an autoscaler": Row(
        deployment(scaled(replicas=2)),
        f"{PREDICTOR}: replicas and hpa are both given, must be one of them, because each sets the number of pods; "
        "remove replicas",
        deployment(scaled(), replicas=2),
    ),
    "one autoscaler": Row(
        deployment(scaled(keda=Keda(triggers=[TRIGGER]))),
        f"{PREDICTOR}: hpa and keda are both given, must be one of them, because each sets the number of pods; "
        "remove hpa",
        deployment(scaled()),
    ),
    "in a node's own pod too": Row(
        of_node(pod=Pod(replicas=2, keda=Keda(triggers=[TRIGGER]))),
        f"{NODE}: replicas and keda are both given, must be one of them, because each sets the number of pods; "
        "remove replicas",
        of_node(pod=Pod(replicas=2)),
    ),
    "fewest pods": Row(
        hpa(min_replicas=0),
        f"{PREDICTOR}: hpa.min_replicas 0, must be 1 or more; write hpa.min_replicas=1 or more",
        hpa(min_replicas=1),
    ),
    "most pods": Row(
        hpa(max_replicas=0),
        f"{PREDICTOR}: hpa.max_replicas 0, must be 1 or more; write hpa.max_replicas=1 or more",
        hpa(max_replicas=1),
    ),
    "bounds in order": Row(
        hpa(min_replicas=5),
        f"{PREDICTOR}: hpa.min_replicas 5 over hpa.max_replicas 3, must be at most that; write max_replicas=5",
        hpa(min_replicas=3),
    ),
    "something decides": Row(
        hpa(metrics=[]),
        f"{PREDICTOR}: hpa.metrics is empty, must name at least one metric; "
        "write metrics=[ResourceMetric(name='cpu', target=MetricTarget(average_utilization=80))]",
        hpa(),
    ),
    "a metric aims for something": Row(
        metric(PodsMetric(name="rps", target=aim())),
        f"{PREDICTOR}: hpa.metrics[0].target is empty, must have average_value alone; write average_value=…",
        metric(PodsMetric(name="rps", target=aim(average_value=10))),
    ),
    "a metric aims for one thing": Row(
        metric(PodsMetric(name="rps", target=aim(average_value=10, value=3))),
        f"{PREDICTOR}: hpa.metrics[0].target has average_value and value, must have average_value alone; "
        "write average_value=…",
        metric(PodsMetric(name="rps", target=aim(average_value=3))),
    ),
    "a metric of pods aims for an average": Row(
        metric(PodsMetric(name="rps", target=aim(value=3))),
        f"{PREDICTOR}: hpa.metrics[0].target has value, must have average_value alone; write average_value=…",
        metric(ExternalMetric(name="rps", target=aim(value=3))),
    ),
    "a resource's whole is nobody's aim": Row(
        metric(ResourceMetric(name="cpu", target=aim(value=3))),
        f"{PREDICTOR}: hpa.metrics[0].target has value, must have average_utilization or average_value, one of them; "
        "write average_utilization=…",
        metric(ResourceMetric(name="cpu", target=aim(average_value=3))),
    ),
    "an aim is more than nothing": Row(
        metric(PodsMetric(name="rps", target=aim(average_value="0"))),
        f"{PREDICTOR}: hpa.metrics[0].target.average_value '0', must be more than 0; "
        "write average_value='500m' or a number",
        metric(PodsMetric(name="rps", target=aim(average_value="1m"))),
    ),
    "a metric has a name": Row(
        metric(PodsMetric(name="requests/s", target=aim(average_value=1))),
        f"{PREDICTOR}: hpa.metrics[0].name 'requests/s', must be one without blanks, '/' and '%'; rename the metric",
        metric(PodsMetric(name="requests-per-second", target=aim(average_value=1))),
    ),
    "an object has a kind": Row(
        metric(ObjectMetric(name="rps", target=aim(value=1), api_version="v1", kind="", object_name="a")),
        f"{PREDICTOR}: hpa.metrics[0].kind '', must name an object of Kubernetes; write kind='Service'",
        metric(ObjectMetric(name="rps", target=aim(value=1), api_version="v1", kind="Service", object_name="a")),
    ),
    "queue time is read from Prometheus": Row(
        waiting(prometheus="prometheus:9090"),
        f"{PREDICTOR}: keda.queue_time.prometheus 'prometheus:9090', must be the address of Prometheus; "
        "write prometheus='http://prometheus.monitoring:9090'",
        waiting(),
    ),
    "queue time is a model's": Row(
        waiting(labels={}),
        f"{PREDICTOR}: keda.queue_time.labels is empty, must choose the series of one model; "
        "write labels={'namespace': …, 'model': …}",
        waiting(labels={"model": "m"}),
    ),
    "a label is Prometheus's": Row(
        waiting(labels={"model": 'm"}'}),
        f"{PREDICTOR}: keda.queue_time.labels model='m\"}}', must be a label of Prometheus and its plain value; "
        "change labels['model']",
        waiting(labels={"model": "m-1"}),
    ),
    "queue time is averaged over a time": Row(
        waiting(window="often"),
        f"{PREDICTOR}: keda.queue_time.window 'often', must be a duration; write window='1m'",
        waiting(window="30s"),
    ),
    "some waiting is aimed for": Row(
        waiting(milliseconds=0),
        f"{PREDICTOR}: keda.queue_time.milliseconds 0, must be 1 or more; write keda.queue_time.milliseconds=1 or more",
        waiting(milliseconds=1),
    ),
    "who reads Prometheus is a Kubernetes object": Row(
        waiting(authentication_ref="My Auth"),
        f"{PREDICTOR}: keda.queue_time.authentication_ref 'My Auth', must be the name of a Kubernetes object; "
        "change authentication_ref",
        waiting(authentication_ref="my-auth"),
    ),
    "nobody waits in no pod": Row(
        waiting(keda={}),
        f"{PREDICTOR}: keda.min_replica_count 0, must be 1 or more where queue time alone decides; "
        "write min_replica_count=1, or add a trigger that starts the first pod",
        waiting(keda={"triggers": [TRIGGER]}),
    ),
    "queue time is never idle": Row(
        waiting(keda={"min_replica_count": 1, "idle_replica_count": 0}),
        f"{PREDICTOR}: keda.idle_replica_count is given, must not be given where queue time alone decides; "
        "remove idle_replica_count",
        waiting(keda={"min_replica_count": 1}),
    ),
    "Triton alone has a queue time": Row(
        waiting(server=SklearnServer()),
        f"{PREDICTOR}: keda.queue_time is given, must be of pods with a TritonServer, which alone has it; "
        "write triggers=[KedaTrigger(…)]",
        waiting(),
    ),
    "a trigger has a type": Row(
        keda(triggers=[KedaTrigger(type="", metadata={"a": "b"})]),
        f"{PREDICTOR}: keda.triggers[0].type '', must be the name of one of KEDA's scalers; write type='prometheus'",
        keda(triggers=[KedaTrigger(type="cron", metadata={"a": "b"})]),
    ),
    "a trigger's authentication is a name": Row(
        keda(triggers=[KedaTrigger(type="cron", metadata={}, authentication_ref="My Auth")]),
        f"{PREDICTOR}: keda.triggers[0].authentication_ref 'My Auth', must be the name of a Kubernetes object; "
        "change authentication_ref",
        keda(triggers=[KedaTrigger(type="cron", metadata={}, authentication_ref="my-auth")]),
    ),
    "KEDA's most pods are a hundred by default": Row(
        keda(min_replica_count=200),
        f"{PREDICTOR}: keda.min_replica_count 200 over keda.max_replica_count 100, must be at most that; "
        "write max_replica_count=200",
        keda(min_replica_count=200, max_replica_count=200),
    ),
    "a pod's replicas": Row(
        of_node(pod=Pod(replicas=-1)),
        f"{NODE}: pod.replicas -1, must be 0 or more; write pod.replicas=0 or more",
        of_node(pod=Pod(replicas=0)),
    ),
    "a number that Kubernetes holds": Row(
        of_predictor(replicas=3_000_000_000),
        f"{PREDICTOR}: replicas 3000000000, must be at most 2147483647; write a smaller number",
        of_predictor(replicas=2_147_483_647),
    ),
    "only resources have a utilization": Row(
        metric(PodsMetric(name="rps", target=aim(average_utilization=80))),
        f"{PREDICTOR}: hpa.metrics[0].target has average_utilization, must have average_value alone; "
        "write average_value=…",
        metric(BUSY),
    ),
    "a utilization is a share": Row(
        metric(ResourceMetric(name="cpu", target=aim(average_utilization=0))),
        f"{PREDICTOR}: hpa.metrics[0].target.average_utilization 0, must be 1 or more; "
        "write hpa.metrics[0].target.average_utilization=1 or more",
        metric(BUSY),
    ),
    "a value is a quantity": Row(
        metric(ExternalMetric(name="queue", target=aim(value="ten"))),
        f"{PREDICTOR}: hpa.metrics[0].target.value 'ten', must be a quantity of Kubernetes; "
        "write value='500m' or a number",
        metric(QUEUE),
    ),
    "a container is there": Row(
        metric(ContainerMetric(name="cpu", container="scores", target=aim(average_utilization=80))),
        f"{PREDICTOR}: hpa.metrics[0].container 'scores', must be the name of a node in these pods; "
        "nodes there are: score",
        metric(ContainerMetric(name="cpu", container="score", target=aim(average_utilization=80))),
    ),
    "a utilization is of something": Row(
        deployment(predictor(hpa=Hpa(max_replicas=3, metrics=[BUSY])), pod_defaults="operator"),
        f"{PREDICTOR}: hpa.metrics[0] aims for a utilization of cpu, which 'score' does not request, "
        "must have requests.cpu on each node; write resources=Resources(requests=Amounts(cpu=…)) on 'score'",
        of_predictor(hpa=Hpa(max_replicas=3, metrics=[BUSY])),
    ),
    "events decide": Row(
        keda(triggers=[]),
        f"{PREDICTOR}: keda.triggers is empty, must name at least one trigger; "
        "write triggers=[KedaTrigger(type='prometheus', metadata={…})]",
        keda(),
    ),
    "time between reads": Row(
        keda(polling_interval=0),
        f"{PREDICTOR}: keda.polling_interval 0, must be 1 or more; write keda.polling_interval=1 or more",
        keda(polling_interval=1),
    ),
    "time to cool down": Row(
        keda(cooldown_period=-1),
        f"{PREDICTOR}: keda.cooldown_period -1, must be 0 or more; write keda.cooldown_period=0 or more",
        keda(cooldown_period=0),
    ),
    "events' bounds in order": Row(
        keda(min_replica_count=5, max_replica_count=2),
        f"{PREDICTOR}: keda.min_replica_count 5 over keda.max_replica_count 2, must be at most that; "
        "write max_replica_count=5",
        keda(min_replica_count=0, max_replica_count=2),
    ),
    "idle is less": Row(
        keda(idle_replica_count=0),
        f"{PREDICTOR}: keda.idle_replica_count 0, must be less than min_replica_count 0; "
        "write min_replica_count=1 or remove idle_replica_count",
        keda(idle_replica_count=0, min_replica_count=1),
    ),
    "a fallback after some failures": Row(
        keda(fallback=KedaFallback(failure_threshold=0, replicas=1)),
        f"{PREDICTOR}: keda.fallback.failure_threshold 0, must be 1 or more; "
        "write keda.fallback.failure_threshold=1 or more",
        keda(fallback=KedaFallback(failure_threshold=3, replicas=1)),
    ),
    "a fallback to some pods": Row(
        keda(fallback=KedaFallback(failure_threshold=3, replicas=-1)),
        f"{PREDICTOR}: keda.fallback.replicas -1, must be 0 or more; write keda.fallback.replicas=0 or more",
        keda(fallback=KedaFallback(failure_threshold=3, replicas=0)),
    ),
    "a trigger's name once": Row(
        keda(triggers=[TRIGGER.model_copy(update={"name": "a"})] * 2),
        f"{PREDICTOR}: keda.triggers name 'a' is used twice, must be unique; rename one",
        keda(triggers=[TRIGGER] * 2),
    ),
    "a budget says something": Row(
        pdb(), f"{PREDICTOR}: pdb is empty, {ONE}; write max_unavailable=1", pdb(max_unavailable=1)
    ),
    "a budget says one thing": Row(
        pdb(min_available=1, max_unavailable=1),
        f"{PREDICTOR}: pdb has both min_available and max_unavailable, {ONE}; remove min_available",
        pdb(min_available=1),
    ),
    "a budget is a share": Row(
        pdb(min_available="half"),
        f"{PREDICTOR}: pdb.min_available 'half', must be a number of pods from 0, or a share such as '50%'; "
        "write min_available=1",
        pdb(min_available="50%"),
    ),
    "a budget is not negative": Row(
        pdb(max_unavailable=-1),
        f"{PREDICTOR}: pdb.max_unavailable -1, must be a number of pods from 0, or a share such as '50%'; "
        "write max_unavailable=1",
        pdb(max_unavailable=0),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_rule_says_what_is_wrong_and_nothing_about_what_is_right(row: Row) -> None:
    assert [str(problem) for problem in check(row.wrong)] == [row.message]
    assert check(row.right) == []
