"""Files of models that a cluster will fetch: looked at in previews, with a real S3 server in this process."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest

from seldon_infra import Kubernetes, Model, ModelServer, Predictor, S3Storage, SeldonDeployment, SklearnServer
from seldon_infra.artifacts import listings
from seldon_infra.artifacts.digest import digest_of
from seldon_infra.artifacts.oci import Registry
from seldon_infra.artifacts.render import store_settings
from seldon_infra.artifacts.source import Item, Listed
from seldon_infra.clusters.in_time import in_time
from seldon_infra.targets.model_files import _Model, _unmounted
from seldon_infra.targets.platform_check import check_platform
from seldon_infra.targets.wanted_models import models_of, models_of_server
from tests.aws.moto_server import moto_server
from tests.unit.artifacts.judge.written import called_in_protocol_4
from tests.unit.artifacts.test_signed import key_pair, sign
from tests.unit.targets.program import Declared, declare

KEY = "canary-of-a-secret-key"
OTHER = "sha256:" + "0a" * 32


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with moto_server() as address:
        yield f"http://{address}"


@pytest.fixture(scope="module")
def bucket(endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A bucket with a benign model, a hostile one and a signed one."""
    made = boto3.resource(
        "s3", endpoint_url=endpoint, aws_access_key_id="id", aws_secret_access_key=KEY, region_name="us-east-1"
    ).create_bucket(Bucket="models")
    made.put_object(Key="good/model.joblib", Body=b"weights")
    made.put_object(Key="bad/model.joblib", Body=called_in_protocol_4("os", "system"))
    return made


@pytest.fixture
def declared(tmp_path: Path, endpoint: str, bucket: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("SELDON_INFRA_CACHE", str(tmp_path / "cache"))
    # The listing by the environment's credentials, which other tests are about, has its answer at once.
    for name, value in {"ENDPOINT_URL": endpoint, "ACCESS_KEY_ID": "id", "SECRET_ACCESS_KEY": "other"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)

    def run(
        *nodes: str, target: str = "Kubernetes()", preview: bool = True, servers: str = "", more: str = ""
    ) -> Declared:
        """Declare nodes `a`, `b` …, each in a predictor of its own, the first with what more is said of it."""
        storage = f"S3Storage(access_key_id='id', secret_access_key=secret({KEY!r}), endpoint={endpoint!r})"
        names = [(chr(ord("a") + index), node) for index, node in enumerate(nodes)]
        share = 100 // len(nodes)
        last = 100 - share * (len(nodes) - 1)
        traffic = [*[share] * (len(nodes) - 1), last]
        predictors = ", ".join(
            f"predictor({name!r}, traffic={part}, graph=model(name={name!r}, {node}), {more if name == 'a' else ''})"
            for (name, node), part in zip(names, traffic, strict=True)
        )
        text = f"deployment({predictors}, storage=[{storage}])"
        return declare(text, target, tmp_path, preview=preview, servers=servers)

    return run


def place(name: str) -> str:
    return f"SeldonDeployment 'd' → predictor '{name}' → model '{name}'"


def objects(done: Declared) -> list[str]:
    return [kind for kind, _, _ in done.made if kind.startswith("kubernetes:")]


@pytest.fixture
def signed(bucket: Any, tmp_path: Path) -> str:
    """The digest of a model that is signed, and is in the bucket."""
    key = key_pair(tmp_path, "maker")
    (tmp_path / "signed").mkdir()
    (tmp_path / "signed" / "model.joblib").write_bytes(b"weights")
    sign(tmp_path / "signed", key)
    for file in (tmp_path / "signed").iterdir():
        bucket.put_object(Key=f"signed/{file.name}", Body=file.read_bytes())
    return digest_of(tmp_path / "signed")[0]


def test_what_is_wrong_with_models_fails_the_preview_all_at_once_and_before_anything_is_declared(
    declared: Any, signed: str
) -> None:
    done = declared(
        "model_uri='s3://models/bad'",
        f"model_uri='s3://models/signed', model_digest={OTHER!r}",
        "model_uri='s3://models/good', signed_by='maker.pub'",
    )
    assert f"{place('a')}: model_uri 's3://models/bad': model.joblib imports os.system" in done.said
    other = f"its digest is {signed}, must be the model_digest {OTHER}"
    assert f"{place('b')}: model_uri 's3://models/signed': {other}" in done.said
    assert f"{place('c')}: model_uri 's3://models/good': model.sig is not in the model's folder" in done.said
    assert objects(done) == []
    assert KEY not in done.said


def test_models_that_are_as_the_definition_says_are_declared_and_their_digest_is_the_pods(
    declared: Any, signed: str
) -> None:
    done = declared(
        f"model_uri='s3://models/signed', model_digest={signed!r}, signed_by='maker.pub'",
        "model_uri='s3://models/bad', trusted=['os.system']",
    )
    pods = done.one("SeldonDeployment")["spec"]["predictors"][0]["componentSpecs"]
    assert pods[0]["metadata"]["annotations"] == {"model-digest.seldon-infra/a": signed}
    assert "not judged" not in done.said


def test_where_live_checks_warn_a_hostile_model_is_a_warning(declared: Any) -> None:
    done = declared("model_uri='s3://models/bad'", target="Kubernetes(live_checks='warn')")
    assert "model.joblib imports os.system" in done.said
    assert objects(done)


def test_a_model_beyond_the_bound_is_not_fetched_and_the_preview_says_so(declared: Any, tmp_path: Path) -> None:
    pinned = f"model_uri='s3://models/good', model_digest={OTHER!r}"
    done = declared("model_uri='s3://models/bad'", pinned, target="Kubernetes(judged_up_to='1')")
    why = "holds more than 1 bytes, and judged_up_to is '1'"
    assert f"{place('a')}: its model's files are not judged here: 's3://models/bad' {why}" in done.said
    assert f"{place('b')}: model_digest '{OTHER}' is not verified here" in done.said
    assert objects(done)
    assert not list((tmp_path / "cache").rglob("model.joblib"))


def test_what_a_definition_pins_and_nobody_can_read_ends_an_up(declared: Any) -> None:
    pinned = f"model_uri='s3://models/good', model_digest={OTHER!r}"
    done = declared(pinned, target="Kubernetes(judged_up_to='1')", preview=False)
    assert f"{place('a')}: model_digest '{OTHER}': 's3://models/good' holds more than 1 bytes" in done.said
    assert "must be looked at before an up" in done.said
    assert objects(done) == []


@pytest.mark.parametrize(
    ("storage", "uri", "asked"),
    [
        (S3Storage(), "s3://b/m", False),
        (S3Storage(), "s3://b/readable", True),
        (S3Storage(access_key_id="id", secret_access_key="key"), "s3://b/m", True),
        (S3Storage(endpoint="http://minio:9000"), "s3://b/m", True),
        (None, "s3://b/m", False),
        (None, "https://models.acme.io/m", True),
        (None, "pvc://claim/m", False),
    ],
)
def test_a_store_that_only_pods_can_read_is_not_waited_for(storage: S3Storage | None, uri: str, asked: bool) -> None:
    graph = Model(name="m", server=SklearnServer(), model_uri=uri)
    deployment = SeldonDeployment(name="d", namespace="ns", predictors=[Predictor(name="a", graph=graph)])
    (wanted,) = models_of(deployment)
    model = _Model(wanted, uri, None, store_settings(storage) if storage else None)
    assert model.reached(["s3://b/readable"]) is asked


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (Kubernetes(judged_up_to="much"), "Kubernetes: judged_up_to 'much', must be a quantity of bytes; "),
        (Kubernetes(live_checks="skip"), "signed_by 'maker.pub' with live_checks='skip', must be verified by somebody"),
        (Kubernetes(judged_up_to="0"), None),
        (Kubernetes(live_checks="warn"), None),
    ],
)
def test_a_bound_is_a_size_and_a_signature_has_somebody_who_verifies_it(target: Kubernetes, said: str | None) -> None:
    graph = Model(name="m", server=SklearnServer(), model_uri="s3://b/m", signed_by="maker.pub")
    deployment = SeldonDeployment(
        name="d", namespace="ns", predictors=[Predictor(name="a", graph=graph)], storage=[S3Storage()]
    )
    found = [str(problem) for problem in check_platform(target, [deployment])]
    assert len(found) == (1 if said else 0)
    assert said is None or said in found[0]


def test_a_store_is_asked_once_for_a_model_that_several_deployments_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(listings, "listed", lambda uri, settings: asked.append(uri) or uri)
    answers, keys = listings.Listings(), {"access_key_id": "id"}
    calls = [partial(answers.of, "s3://models/good", keys)] * 20
    assert set(in_time(dict(enumerate(calls)), 60).values()) == {"s3://models/good"}
    assert asked == ["s3://models/good"]
    assert answers.of("s3://models/good", None) == "s3://models/good"
    assert len(asked) == 2  # other credentials are another question


EXPLAINED = "explainer=Explainer(type='KernelShap', image='acme/explain:1', model_uri='s3://models/bad', {})"
SERVER = "ModelServer(name='alone', namespace='ns', server=SklearnServer(), model_uri='s3://models/{}', {})"


def test_files_of_an_explainer_are_judged_as_those_of_nodes_are(declared: Any) -> None:
    done = declared("model_uri='s3://models/good'", more=EXPLAINED.format("signed_by='maker.pub'"))
    explainer = "SeldonDeployment 'd' → predictor 'a' → explainer: model_uri 's3://models/bad'"
    assert f"{explainer}: model.joblib imports os.system, must import only what its server needs" in done.said
    assert f"{explainer}: model.sig is not in the model's folder" in done.said
    assert objects(done) == []


def test_a_model_servers_file_that_is_hostile_or_another_servers_fails_the_preview(declared: Any, bucket: Any) -> None:
    bucket.put_object(Key="wrong/model.onnx", Body=called_in_protocol_4("os", "system"))
    done = declared("model_uri='s3://models/good'", servers=SERVER.format("wrong", "signed_by='maker.pub'"))
    place = "model server 'alone': model_uri 's3://models/wrong'"
    assert f"{place}: model.onnx imports os.system" in done.said
    assert f"{place}: model.sig is not in the model's folder" in done.said
    assert f"{place} holds model.onnx, must have model.joblib or model.pickle" in done.said
    assert objects(done) == []


def test_pods_of_nodes_and_model_servers_have_the_digest_of_what_was_seen(declared: Any, bucket: Any) -> None:
    trusted = "trusted=['os.system']"
    done = declared(
        "model_uri='s3://models/good'",
        f"model_uri='s3://models/bad', pod=Pod(), {trusted}",
        servers=f"{SERVER.format('good', '')}, {SERVER.format('none', '').replace('alone', 'unseen')}",
    )
    predictors = done.one("SeldonDeployment")["spec"]["predictors"]
    seen = [pod["metadata"]["annotations"] for each in predictors for pod in each["componentSpecs"]]
    assert [list(each) for each in seen] == [["model-digest.seldon-infra/a"], ["model-digest.seldon-infra/b"]]
    pods = {each["metadata"]["name"]: each["spec"]["template"]["metadata"] for each in deployments(done)}
    assert pods["alone"]["annotations"] == {"model-digest.seldon-infra/server": seen[0]["model-digest.seldon-infra/a"]}
    assert "annotations" not in pods["unseen"]


def deployments(done: Declared) -> list[dict[str, Any]]:
    return [inputs for kind, _, inputs in done.made if kind == "kubernetes:apps/v1:Deployment"]


def test_where_changed_contents_are_ignored_nothing_is_kept_of_them(declared: Any) -> None:
    done = declared("model_uri='s3://models/good'", target="Kubernetes(changed_models='ignore')")
    assert "metadata" not in done.one("SeldonDeployment")["spec"]["predictors"][0]["componentSpecs"][0]
    assert not [kind for kind, _, _ in done.made if kind.startswith("seldon:cluster:")]


def test_a_model_that_is_too_large_to_read_is_known_by_its_listing(declared: Any) -> None:
    done = declared("model_uri='s3://models/good'", target="Kubernetes(judged_up_to='1')")
    (pod,) = done.one("SeldonDeployment")["spec"]["predictors"][0]["componentSpecs"]
    assert pod["metadata"]["annotations"]["model-digest.seldon-infra/a"].startswith("listing-sha256:")


def test_a_model_server_whose_signature_nobody_looks_at_is_refused(declared: Any) -> None:
    done = declared(
        "model_uri='s3://models/good'",
        target="Kubernetes(live_checks='skip')",
        servers=SERVER.format("good", "signed_by='maker.pub'"),
    )
    assert "model server 'alone': signed_by 'maker.pub' with live_checks='skip', must be verified" in done.said


@pytest.mark.parametrize(("packed", "said"), [("models", 0), ("", 1), (None, 1)])
def test_what_is_no_image_is_no_volume_of_a_pod(packed: str | None, said: int) -> None:
    uri = "oci://ghcr.io/acme/iris:7"
    server = ModelServer(name="iris", server=SklearnServer(), model_uri=uri)
    model = _Model(next(models_of_server(server)), uri, None, None)
    there = Listed(uri, None, Registry(uri, {}), (Item("layer.tar", "sha256:1", 1, "sha256:1", packed),))
    problems = [str(problem) for problem in _unmounted(model, there)]
    assert problems == said * [
        f"model server 'iris': model_uri '{uri}' is no image, must be one with the model in its folder /models; "
        "build it FROM scratch with COPY model /models, and push it"
    ]


@pytest.mark.parametrize("changed", ["ignore", "roll"])
def test_what_a_registry_says_is_kept_whatever_is_pinned_or_ignored(tmp_path: Path, changed: str) -> None:
    """The registry gives no answer, so that where files are is unknown in the preview."""
    node = f"model(model_uri='models:/score@prod', model_digest={OTHER!r})"
    registered = f"deployment(predictor(graph={node}), storage=[MlflowStorage(tracking_uri='http://127.0.0.1:1')])"
    plain = f"deployment(predictor(graph=model(model_digest={OTHER!r})), name='e')"
    other = "deployment(name='f')"
    target = f"Kubernetes(changed_models={changed!r})"
    done = declare(f"{registered}, {plain}, {other}", target, tmp_path, preview=True)
    assert done.made, done.said
    (kept,) = [inputs for kind, _, inputs in done.made if kind == "seldon:cluster:ModelContents"]
    assert sorted(kept["models"]) == (["d"] if changed == "ignore" else ["d", "f"])
    assert kept["models"]["d"]["a/m"] == {"uri": "models:/score@prod"}
