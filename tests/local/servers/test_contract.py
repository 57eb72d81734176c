"""The contract that every server of the catalogue keeps, whatever it is: the real servers, in one applied stack."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection

import grpc
import pytest

from seldon_infra.servers import catalogue
from tests.engine.scratch import STACK
from tests.engine.waiting import wait_until
from tests.local.project import Project, new_project
from tests.local.scene import Answer, ask, load
from tests.local.servers.contract import NAMESPACE, Sample
from tests.local.servers.samples import SAMPLES

pytestmark = [pytest.mark.engine, pytest.mark.local, pytest.mark.timeout(1800)]  # each framework is imported twice
each_server = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
CLIENTS_FAULT = {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND, grpc.StatusCode.FAILED_PRECONDITION}


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    """All samples' models in version 1, each a deployment."""
    with new_project() as made:
        for sample in SAMPLES:
            sample.put(made.folder)
        deployments = "".join(f"{sample.definition}, " for sample in SAMPLES)
        target = "Local(drain_seconds=30, ready_timeout_seconds=600)"  # they all start at once
        made.write(f"stack = Stack(target={target}, deployments=({deployments}))")
        up(made)
        yield made


def up(project: Project) -> None:
    project.engine.run("up", "--stack", STACK, "--yes", "--skip-preview", timeout=1200)  # twelve servers at once


def predict(project: Project, sample: Sample, body: bytes) -> Answer:
    return ask(project.port, sample.prefix + sample.wire.gateway_infer(sample), "POST", body)


def call(project: Project, sample: Sample, wire: bytes) -> bytes:
    with grpc.insecure_channel(f"127.0.0.1:{project.port}") as channel:
        metadata = (("seldon", sample.name), ("namespace", NAMESPACE))
        return bytes(channel.unary_unary(f"/{sample.wire.method()}")(wire, timeout=60, metadata=metadata))


def answers(project: Project, sample: Sample, version: int) -> bool:
    """Tell whether a version of the model answers, over REST."""
    answer = predict(project, sample, sample.wire.body(sample, sample.rows))
    assert answer.status == 200, answer.body
    return list(sample.read(sample.wire.answer(answer.body))) == pytest.approx(list(sample.answers[version]))


ROUTERS = {"bandit"}
"""Servers that answer with a child's number and no prediction; tests/docs/test_payload_log_and_bandits.py asks them."""


def test_every_server_of_the_catalogue_has_a_sample() -> None:
    assert {sample.catalogue for sample in SAMPLES} | ROUTERS == set(catalogue.names())


@each_server
def test_it_says_that_it_is_ready(project: Project, sample: Sample) -> None:
    assert ask(project.port, sample.prefix + sample.wire.ready(sample), "GET", None).status == 200


@each_server
def test_it_gives_metadata(project: Project, sample: Sample) -> None:
    answer = ask(project.port, sample.prefix + sample.wire.metadata(sample), "GET", None)
    assert answer.status == 200, answer.body
    assert sample.name in answer.body.decode()


@each_server
def test_it_answers_a_batch_over_rest(project: Project, sample: Sample) -> None:
    assert answers(project, sample, 1)


@each_server
def test_it_answers_a_batch_over_grpc(project: Project, sample: Sample) -> None:
    answer = call(project, sample, sample.wire.message(sample, sample.rows))
    assert sample.read(sample.wire.answer_of_message(answer)) == pytest.approx(list(sample.answers[1]))


@each_server
def test_it_answers_a_single_row(project: Project, sample: Sample) -> None:
    answer = predict(project, sample, sample.wire.body(sample, sample.rows[:1]))
    assert sample.read(sample.wire.answer(answer.body)) == pytest.approx(list(sample.answers[1])[:1])


@each_server
@pytest.mark.parametrize("wrong", ["rows of another shape", "malformed JSON", "an empty object"])
def test_wrong_input_is_the_clients_fault_and_the_server_goes_on(project: Project, sample: Sample, wrong: str) -> None:
    bodies = {
        "rows of another shape": sample.wire.body(sample, sample.wrong),
        "malformed JSON": b'{"',
        "an empty object": b"{}",
    }
    answer = predict(project, sample, bodies[wrong])
    assert 400 <= answer.status < 500, answer.body
    assert answers(project, sample, 1)


@each_server
def test_a_wrong_message_is_the_clients_fault_and_the_server_goes_on(project: Project, sample: Sample) -> None:
    with pytest.raises(grpc.RpcError) as error:
        call(project, sample, b"\xff\xff\xff")
    assert error.value.code() in CLIENTS_FAULT, error.value
    assert answers(project, sample, 1)


@each_server
def test_its_metrics_count_requests(project: Project, sample: Sample) -> None:
    assert answers(project, sample, 1)
    entry = catalogue.load(sample.catalogue)
    port = project.stack.process(sample.process).ports[entry.metrics.port]
    answer = ask(port, entry.metrics.path, "GET", None)
    assert answer.status == 200
    assert (sample.metric or "model_infer_request_success") in answer.body.decode()


@each_server
def test_a_request_under_way_is_answered_when_it_is_stopped(project: Project, sample: Sample) -> None:
    record = project.stack.process(sample.process)
    # So much fits into no buffer of the socket: once it is sent, the server is at it.
    body = sample.wire.body(sample, sample.many())
    assert len(body) > 4 * 1024**2
    connection = HTTPConnection("127.0.0.1", record.ports["http"], timeout=240)
    connection.request("POST", sample.wire.infer(sample), body, {"content-type": "application/json"})
    stopping = threading.Thread(target=lambda: project.scene.processes.stop(record.id))
    stopping.start()
    try:
        assert connection.getresponse().status == 200
    finally:
        connection.close()  # Triton waits for those who may ask more
        stopping.join()
    assert not project.scene.processes.state(record.id).wanted
    project.scene.processes.restart(record.id)
    wait_until(lambda: predict(project, sample, sample.wire.body(sample, sample.rows)).status == 200)


def test_a_changed_model_is_served_without_a_failed_request(project: Project) -> None:
    before = {sample.name: project.stack.process(sample.process).id for sample in SAMPLES}
    for sample in SAMPLES:
        sample.make(project.folder / sample.folder, 2)
    with ExitStack() as loads:
        counts = {
            sample.name: loads.enter_context(
                load(
                    project.port,
                    sample.prefix + sample.wire.gateway_infer(sample),
                    per_second=5,
                    body=sample.wire.body(sample, sample.rows),
                )
            )
            for sample in SAMPLES
        }
        up(project)
        for sample in SAMPLES:
            assert answers(project, sample, 2), sample.name
            assert before[sample.name] != project.stack.process(sample.process).id
    assert {name: count.failed for name, count in counts.items()} == dict.fromkeys(counts, 0)
