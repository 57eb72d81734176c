"""What a cluster gets of a payload log, and where loggers lead then."""

from __future__ import annotations

from typing import Any

import pytest

from seldon_infra import Kubernetes, MirrorGate, PayloadKafka, PayloadLog, PayloadVolume, Rollout, Stack
from seldon_infra.cli.render import cluster_manifests
from seldon_infra.graph.render import seldon_deployment
from seldon_infra.graph.render_objects import own_objects
from seldon_infra.graph.spec import PayloadTopic, RequestLogQueue, SeldonDeployment
from seldon_infra.payload_log.path import EXECUTOR_PATH
from seldon_infra.payload_log.render import behind_log
from seldon_infra.runtime.payloads.cloud_event import wanted
from tests.unit.core.later import Later
from tests.unit.payload_log.cases import CASES, GOLDEN, IMAGE, Case, deployment, golden, rendered

LOG = PayloadLog(image=IMAGE, namespace="payload-log")


def logger_of(spec: SeldonDeployment) -> Any:
    return seldon_deployment(spec)["spec"]["predictors"][0]["graph"]["logger"]


@pytest.mark.parametrize("name", CASES)
def test_a_golden_file_shows_what_is_rendered(name: str) -> None:
    written = (GOLDEN / f"{name}.yaml").read_text(encoding="utf-8")
    assert written == golden(name), "run: python -m tests.unit.payload_log.cases, then read the difference"


@pytest.mark.parametrize("name", CASES)
def test_every_selector_is_answered_by_the_pods(name: str) -> None:
    made = rendered(CASES[name])
    labels = made["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert made["Service"]["spec"]["selector"] == made["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert made["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == labels


def test_the_process_reads_in_the_address_what_the_logger_says() -> None:
    told = deployment(sample=0.1, largest="64Ki", redact=["card", "the owner & co"], url="http://audit/")
    address = logger_of(behind_log(LOG, told))["url"]
    where, _, query = address.partition("?")
    assert where == f"http://payload-log.payload-log.svc.cluster.local:8080{EXECUTOR_PATH}"
    assert wanted(query) == (0.1, 65536, frozenset({"card", "the owner & co"}))


def test_a_logger_that_says_nothing_of_it_keeps_as_much_as_on_this_machine() -> None:
    query = logger_of(behind_log(LOG, deployment()))["url"].partition("?")[2]
    assert wanted(query) == (1.0, 1024 * 1024, frozenset())


def test_a_logger_s_own_address_is_where_the_log_sends_to() -> None:
    arguments = rendered(Case("", LOG), [deployment(url="http://audit:8443/")])["Deployment"]["spec"]["template"]
    words = arguments["spec"]["containers"][0]["args"]
    assert words[words.index("--onward") :] == ["--onward", "fraud/main/score", "http://audit:8443/"]


def test_what_the_policies_let_through_is_what_is_sent() -> None:
    late: Any = Later()
    policy = rendered(
        Case("", PayloadLog(image=IMAGE, namespace="payload-log", onward_ports=[9093])),
        [deployment(url="http://audit:8443/"), deployment("other", late, url=late), deployment("third")],
    )["NetworkPolicy"]["spec"]
    froms = [
        each["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] for each in policy["ingress"][0]["from"]
    ]
    assert froms == ["shop", late]
    assert [port["port"] for rule in policy["egress"] for port in rule["ports"]] == [53, 53, 8443, 9093]
    executors = own_objects(behind_log(LOG, deployment(url="http://audit:8443/")))["NetworkPolicy"]["spec"]
    assert 8080 in [port["port"] for rule in executors["egress"] for port in rule.get("ports", ())]


def test_without_a_log_an_address_is_the_executor_s() -> None:
    assert logger_of(behind_log(None, deployment(url="http://audit/"))) == {"url": "http://audit/", "mode": "all"}


def test_what_goes_to_a_topic_does_not_go_to_the_log() -> None:
    topic = RequestLogQueue(kafka=PayloadTopic(brokers="kafka:9092", topic="payloads"))
    assert logger_of(behind_log(LOG, deployment().model_copy(update={"request_log": topic}))) == {"mode": "all"}


def test_brokers_are_let_through_and_told_of_and_what_they_are_shown_is_in_a_secret_alone() -> None:
    made = rendered(CASES["kafka"])
    ports = [port["port"] for rule in made["NetworkPolicy"]["spec"]["egress"] for port in rule["ports"]]
    assert {9093, 9094} <= set(ports)
    assert made["Secret"]["stringData"]["sasl.password"] == "hunter2"
    assert "hunter2" not in str({kind: each for kind, each in made.items() if kind != "Secret"})
    pod = made["Deployment"]["spec"]["template"]["spec"]
    assert {"name": "kafka", "secret": {"secretName": made["Secret"]["metadata"]["name"]}} in pod["volumes"]
    (mount,) = (each for each in pod["containers"][0]["volumeMounts"] if each["name"] == "kafka")
    words = pod["containers"][0]["args"]
    assert words[words.index("--kafka-secrets") + 1] == mount["mountPath"]


def test_brokers_that_want_nothing_are_shown_nothing() -> None:
    open_to_all = PayloadKafka(brokers="kafka:9092", topic="payloads", acks="leader", key="deployment")
    made = rendered(Case("", PayloadLog(image=IMAGE, namespace="payload-log", kafka=open_to_all)))
    assert "Secret" not in made
    words = made["Deployment"]["spec"]["template"]["spec"]["containers"][0]["args"]
    assert "--kafka-secrets" not in words
    settings = {words[at + 1]: words[at + 2] for at, word in enumerate(words) if word == "--kafka"}
    assert settings["security.protocol"] == "PLAINTEXT"
    assert (settings["acks"], settings["enable.idempotence"], settings["retries"]) == ("1", "false", "0")


def test_one_pod_writes_a_volume_s_files_and_has_ended_before_the_next() -> None:
    spec = rendered(CASES["files"])["Deployment"]["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


def test_a_stack_renders_the_log_with_its_namespace_first() -> None:
    target = Kubernetes(payloads=PayloadLog(image=IMAGE, namespace="payload-log", files=PayloadVolume()))
    made = cluster_manifests(Stack(target=target, deployments=[deployment()]))
    kinds = [(each["kind"], each["metadata"].get("namespace", each["metadata"]["name"])) for each in made]
    assert kinds.index(("Namespace", "payload-log")) < kinds.index(("ServiceAccount", "payload-log"))


def test_a_log_that_nobody_sends_to_lets_nobody_in() -> None:
    assert rendered(CASES["sent-on"], [])["NetworkPolicy"]["spec"]["ingress"] == []


def test_requests_are_given_to_a_gate_at_loopback_alone() -> None:
    mirrored = deployment().model_copy(update={"rollout": Rollout(gates=[MirrorGate()])})
    before, after = rendered(Case("", LOG), [deployment()]), rendered(Case("", LOG), [mirrored])
    words = [made.pop("Deployment")["spec"]["template"]["spec"]["containers"][0]["args"] for made in (before, after)]
    assert words[1] == [*words[0], "--requests-port=8081"]
    assert before == after  # no Service and no NetworkPolicy leads there
