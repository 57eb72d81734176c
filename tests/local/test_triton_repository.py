"""An ensemble and its steps in one Triton, typed, behind the gateway: what is declared is what the real server does."""

from __future__ import annotations

import queue
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tritonclient.grpc
import tritonclient.http

from seldon_infra.triton import Tensor, TritonModel, config_pbtxt
from tests.engine.waiting import wait_until
from tests.local.project import Project, new_project
from tests.local.scene import Answer, ask
from tests.local.triton_python import HEAD

pytestmark = [pytest.mark.engine, pytest.mark.local]
MODELS = {
    "scale": """
    def initialize(self, args):
        self.calls = 0
    def execute(self, requests):
        return [given("scaled", taken(each, "x") / 16) for each in requests]
""",
    "total": """
    def execute(self, requests):
        return [given("total", taken(each, "scaled").sum(axis=1, keepdims=True)) for each in requests]
""",
    # Business logic scripting: a model whose code calls another one.
    "ask": """
    def execute(self, requests):
        return [self.asked(each) for each in requests]
    def asked(self, request):
        x = pb_utils.Tensor("x", taken(request, "x"))
        inner = pb_utils.InferenceRequest(model_name="both", requested_output_names=["total"], inputs=[x])
        answer = inner.exec()
        return given("doubled", pb_utils.get_output_tensor_by_name(answer, "total").as_numpy() * 2)
""",
    # Decoupled: as many answers as the request says.
    "count": """
    def execute(self, requests):
        for each in requests:
            sender = each.get_response_sender()
            for number in range(int(taken(each, "to")[0])):
                sender.send(given("number", [number]))
            sender.send(flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)
""",
    # A sequence: what was sent since its first request.
    "remember": """
    def initialize(self, args):
        self.sums = {}
    def execute(self, requests):
        return [self.next(each) for each in requests]
    def next(self, request):
        id = int(taken(request, "id")[0][0])
        before = 0 if taken(request, "start")[0][0] else self.sums[id]
        self.sums[id] = before + float(taken(request, "x")[0][0])
        return given("sum", [[self.sums[id]]])
""",
}
DEFINITION = """
from seldon_infra import TritonServer
from seldon_infra.triton import *

def tensor(name, size, dtype='FP32', **more):
    return Tensor(name=name, dtype=dtype, dims=(size,), **more)

x, scaled, total = tensor('x', 3), tensor('scaled', 3), tensor('total', 1)
first = {'x': WarmupInput(dtype='FP32', dims=(3,), data='random')}
queues = DynamicBatching(
    preferred_batch_sizes=(4, 8), max_queue_delay_microseconds=50000, priority_levels=2, default_priority_level=2,
    priority_queue_policies={1: QueuePolicy(max_queue_size=100)},
)
limiter = RateLimiter(resources=(RateLimiterResource(name='cores', count=1, across_devices=True),), priority=2)
controls = (
    ControlInput(name='start', controls=(Control(kind='START', int32_false_true=(0, 1)),)),
    ControlInput(name='id', controls=(Control(kind='CORRID', dtype='UINT64'),)),
)
repository = TritonRepository(models=(
    TritonModel(
        name='scale', max_batch_size=8, inputs=(x,), outputs=(scaled,), dynamic_batching=queues,
        warmups=(Warmup(name='first', inputs=first, batch_size=2, count=2),), metric_tags={'team': 'a'},
        version_policy=LatestVersions(count=2),
    ),
    TritonModel(
        name='total', max_batch_size=8, inputs=(scaled,), outputs=(total,), dynamic_batching=DynamicBatching(),
        instance_groups=(InstanceGroup(name='pair', count=2, rate_limiter=limiter),), response_cache=True,
    ),
    TritonModel(name='ask', max_batch_size=8, inputs=(x,), outputs=(tensor('doubled', 1),)),
    TritonModel(name='count', inputs=(tensor('to', 1, 'INT32'),), outputs=(tensor('number', 1),), decoupled=True),
    TritonModel(
        name='remember', max_batch_size=4, inputs=(tensor('x', 1),), outputs=(tensor('sum', 1),),
        sequence_batching=SequenceBatching(
            strategy=OldestStrategy(max_candidate_sequences=4), control_inputs=controls,
            max_sequence_idle_microseconds=60_000_000,
        ),
    ),
    TritonEnsemble(name='both', max_batch_size=8, inputs=(x,), outputs=(total,), steps=(
        EnsembleStep(model='scale', version=2, inputs={'x': 'x'}, outputs={'scaled': 'between'}),
        EnsembleStep(model='total', inputs={'scaled': 'between'}, outputs={'total': 'total'}),
    )),
))
model = Model(name='both', server=TritonServer(repository=repository), model_uri='models')
stack = Stack(target=Local(), deployments=(SeldonDeployment(
    name='sums', namespace='ns', protocol='v2', predictors=(Predictor(name='main', graph=model),),
),))
"""


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    with new_project() as made:
        write_models(made.folder / "models")
        made.write(DEFINITION)
        made.engine.up()
        yield made


def write_models(folder: Path) -> None:
    for name, body in MODELS.items():
        for version in (1, 2) if name == "scale" else (1,):
            (folder / name / str(version)).mkdir(parents=True)
            # The first version of `scale` does not divide.
            text = body.replace("/ 16", "") if (name, version) == ("scale", 1) else body
            (folder / name / str(version) / "model.py").write_text(HEAD + text)


def port(project: Project, name: str) -> str:
    return f"127.0.0.1:{project.stack.process('sums.main.both').ports[name]}"


def tensor(kind: Any, name: str, values: Any, dtype: str = "FP32") -> Any:
    array = np.asarray(values, dtype={"FP32": np.float32, "INT32": np.int32}[dtype])
    made = kind(name, list(array.shape), dtype)
    made.set_data_from_numpy(array)
    return made


def get(project: Project, path: str, kind: str = "http") -> Answer:
    return ask(int(port(project, kind).rpartition(":")[2]), path, "GET", None)


def test_the_ensemble_is_served_through_the_gateway_over_both_transports(project: Project) -> None:
    rest = tritonclient.http.InferenceServerClient(f"127.0.0.1:{project.port}/seldon/ns/sums")
    x = tritonclient.http.InferInput("x", [2, 3], "FP32")
    x.set_data_from_numpy(np.array([[16, 16, 16], [0, 0, 8]], dtype=np.float32), binary_data=False)
    wanted = tritonclient.http.InferRequestedOutput("total", binary_data=False)
    assert rest.infer("both", [x], outputs=[wanted]).as_numpy("total").tolist() == [[3], [0.5]]
    rpc = tritonclient.grpc.InferenceServerClient(f"127.0.0.1:{project.port}")
    headers = {"seldon": "sums", "namespace": "ns"}
    found = rpc.infer("both", [tensor(tritonclient.grpc.InferInput, "x", [[16, 16, 16]])], headers=headers)
    assert found.as_numpy("total").tolist() == [[3]]


def test_every_setting_is_in_force(project: Project) -> None:
    scale, total = (get(project, f"/v2/models/{name}/config").json for name in ("scale", "total"))
    assert scale["dynamic_batching"]["preferred_batch_size"] == [4, 8]
    assert scale["dynamic_batching"]["priority_levels"] == 2
    assert scale["dynamic_batching"]["priority_queue_policy"]["1"]["max_queue_size"] == 100
    assert scale["model_warmup"][0]["count"] == 2
    assert scale["version_policy"] == {"latest": {"num_versions": 2}}
    assert total["instance_group"][0]["rate_limiter"]["resources"][0]["name"] == "cores"
    assert get(project, "/v2/models/scale").json["versions"] == ["1", "2"]
    assert 'team="a"' in get(project, "/metrics", "metrics").body.decode()


def test_requests_that_come_together_are_executed_together(project: Project) -> None:
    client = tritonclient.grpc.InferenceServerClient(port(project, "grpc"))
    answers: queue.Queue[Any] = queue.Queue()

    def counted() -> Any:
        return client.get_inference_statistics("scale", "2").model_stats[0]

    def are_together() -> bool:
        """Eight come together if this process gets to send them within the time that the first one waits for more."""
        before = counted()
        for number in range(8):
            x = tensor(tritonclient.grpc.InferInput, "x", [[number * 16, 0, 0]])
            client.async_infer("both", [x], lambda result, error: answers.put(error or result))
        found = [answers.get(timeout=120) for _ in range(8)]
        assert sorted(float(each.as_numpy("total")[0][0]) for each in found) == list(range(8))
        # Triton counts a request once it has been answered.
        wait_until(lambda: counted().inference_count - before.inference_count == 8)
        return bool(counted().execution_count - before.execution_count < 8)

    wait_until(are_together)


def test_an_equal_request_is_answered_from_the_cache(project: Project) -> None:
    client = tritonclient.grpc.InferenceServerClient(port(project, "grpc"))
    scaled = tensor(tritonclient.grpc.InferInput, "scaled", [[1, 2, 3.5]])
    assert [client.infer("total", [scaled]).as_numpy("total").tolist() for _ in range(2)] == [[[6.5]]] * 2
    stats = client.get_inference_statistics("total", "1").model_stats[0].inference_stats
    assert stats.cache_hit.count >= 1


def test_a_models_code_calls_the_ensemble(project: Project) -> None:
    client = tritonclient.grpc.InferenceServerClient(port(project, "grpc"))
    found = client.infer("ask", [tensor(tritonclient.grpc.InferInput, "x", [[16, 16, 0]])])
    assert found.as_numpy("doubled").tolist() == [[4]]


def streamed(project: Project, model: str, inputs: list[Any], **more: Any) -> list[Any]:
    """Send one request on a stream, and give its answers."""
    answers: queue.Queue[Any] = queue.Queue()
    with tritonclient.grpc.InferenceServerClient(port(project, "grpc")) as client:
        client.start_stream(lambda result, error: answers.put(error or result), stream_timeout=120)
        client.async_stream_infer(model, inputs, enable_empty_final_response=True, **more)
        found = []
        while True:
            answer = answers.get(timeout=120)
            assert not isinstance(answer, Exception), answer
            if answer.get_response().outputs:
                found.append(answer)
            if answer.get_response().parameters["triton_final_response"].bool_param:
                return found


def test_a_decoupled_model_streams_as_many_answers_as_it_likes(project: Project) -> None:
    to = tensor(tritonclient.grpc.InferInput, "to", [4], "INT32")
    found = streamed(project, "count", [to])
    assert [float(each.as_numpy("number")[0]) for each in found] == [0, 1, 2, 3]
    (only,) = streamed(project, "both", [tensor(tritonclient.grpc.InferInput, "x", [[16, 0, 0]])])
    assert only.as_numpy("total").tolist() == [[1]]


def test_a_sequence_is_remembered(project: Project) -> None:
    client = tritonclient.grpc.InferenceServerClient(port(project, "grpc"))
    sums = [
        client.infer(
            "remember",
            [tensor(tritonclient.grpc.InferInput, "x", [[value]])],
            sequence_id=7,
            sequence_start=value == 1,
            sequence_end=value == 3,
        ).as_numpy("sum")
        for value in (1, 2, 3)
    ]
    assert [float(each[0][0]) for each in sums] == [1, 3, 6]


def test_a_step_that_is_not_there_is_an_error_at_preview(project: Project) -> None:
    project.write(DEFINITION.replace("EnsembleStep(model='total'", "EnsembleStep(model='totals'"))
    refused = project.engine.preview(check=False)
    project.write(DEFINITION)
    assert refused.returncode != 0
    assert "step 'totals': model 'totals', must be another model of the repository; write total" in refused.stdout


def test_a_version_folder_that_is_no_number_is_an_error_at_preview(project: Project) -> None:
    folder = project.folder / "models" / "total"
    (folder / "1").rename(folder / "v1")
    refused = project.engine.preview(check=False)
    (folder / "v1").rename(folder / "1")
    assert refused.returncode != 0
    assert "version folder 'v1'" in refused.stdout


def test_an_ensemble_of_a_repository_as_files_brings_its_steps_along(project: Project) -> None:
    """The same repository with its configurations written into it, as a cluster gets it."""
    folder = project.folder / "files"
    shutil.copytree(project.folder / "models", folder)
    names: dict[str, Any] = {}
    exec(DEFINITION.partition("model = Model")[0], names)
    for model in names["repository"].models:
        (folder / model.name).mkdir(exist_ok=True)
        (folder / model.name / "config.pbtxt").write_text(config_pbtxt(model))
    broken = TritonModel(name="broken", inputs=[Tensor(name="x", dtype="FP32", dims=[1])], outputs=[])
    (folder / "broken").mkdir()
    (folder / "broken" / "config.pbtxt").write_text(config_pbtxt(broken))
    untyped = "Model(name='both', server=TritonServer(), model_uri='files')"
    lines = [line if not line.startswith("model = ") else f"model = {untyped}" for line in DEFINITION.splitlines()]
    project.write("\n".join(lines))
    project.engine.up()
    assert get(project, "/v2/models/both/ready").status == 200
    assert get(project, "/v2/models/broken/ready").status != 200
    test_the_ensemble_is_served_through_the_gateway_over_both_transports(project)
