"""Model servers as typed values: what runs a node of a predictor graph.

Every server knows three things by itself: ``implementation``, its name in Seldon's map of prepackaged servers;
``catalogue``, the folder of ``servers/`` that runs it on this machine; and ``protocols``, what it speaks.
"""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from typing import ClassVar, Literal, TypeAlias

from seldon_infra.core.model import Later, Many
from seldon_infra.servers.build import ImageBuild
from seldon_infra.servers.server import NodeType, Protocol, Server, Transport
from seldon_infra.servers.triton.batching import DynamicBatching
from seldon_infra.servers.triton.instances import InstanceGroup
from seldon_infra.servers.triton.repository import TritonRepository
from seldon_infra.servers.triton.spec import TritonEnsemble, TritonModel
from seldon_infra.servers.triton.tensors import Tensor

Licence: TypeAlias = Literal["Apache-2.0", "BSL-1.1"]
"""Terms of a server's code; production use under BSL-1.1 needs a licence that is paid for."""

LAST_APACHE_CORE = "1.17.1"
"""The last release of Seldon Core under Apache-2.0; later ones are BSL-1.1 (changed on 2024-01-22)."""
LAST_APACHE_EXPLAINER = "1.4.0"
"""The last release of MLServer whose explainers hold alibi 0.9.4, the last under Apache-2.0; 1.5.0 holds 0.9.5."""

_ALL_TYPES: tuple[NodeType, ...] = ("MODEL", "TRANSFORMER", "OUTPUT_TRANSFORMER", "ROUTER", "COMBINER")


class SklearnServer(Server):
    """A scikit-learn model from ``model.joblib`` or ``model.pickle``. Source: Seldon's SKLEARN_SERVER.

    Protocol v2 is served by MLServer, protocol seldon by Seldon's own wrapper.
    """

    implementation: ClassVar[str | None] = "SKLEARN_SERVER"
    catalogue: ClassVar[str | None] = "mlserver"
    local_protocols: ClassVar[tuple[Protocol, ...]] = ("v2",)
    needs_model_uri: ClassVar[bool] = True
    spoken: ClassVar[tuple[Protocol, ...]] = ("seldon", "v2")

    kind: Literal["sklearn"] = "sklearn"
    """Tells servers apart in data. Always ``sklearn``."""
    method: Literal["predict", "predict_proba", "decision_function"] | None = None
    """Which method of the model answers. Default: the server's own, ``predict_proba`` on protocol seldon and
    ``predict`` on v2. Source: parameter ``method`` of Seldon's sklearnserver; MLServer's predict outputs."""
    version: str | None = None
    """Version of Seldon's image on protocol seldon. Default: 1.17.1, the last under Apache-2.0."""
    licence: Licence = "Apache-2.0"
    """Terms that you accept; a ``version`` later than 1.17.1 needs ``BSL-1.1``. Default: Apache-2.0."""


class XGBoostServer(Server):
    """An XGBoost model from ``model.bst`` or ``model.json``. Source: Seldon's XGBOOST_SERVER.

    MLServer, which serves protocol v2, reads ``model.ubj`` as well.
    """

    implementation: ClassVar[str | None] = "XGBOOST_SERVER"
    catalogue: ClassVar[str | None] = "xgboost"
    local_protocols: ClassVar[tuple[Protocol, ...]] = ("v2",)
    needs_model_uri: ClassVar[bool] = True
    spoken: ClassVar[tuple[Protocol, ...]] = ("seldon", "v2")

    kind: Literal["xgboost"] = "xgboost"
    """Tells servers apart in data. Always ``xgboost``."""
    version: str | None = None
    """Version of Seldon's image on protocol seldon. Default: 1.17.1, the last under Apache-2.0."""
    licence: Licence = "Apache-2.0"
    """Terms that you accept; a ``version`` later than 1.17.1 needs ``BSL-1.1``. Default: Apache-2.0."""


class LightGBMServer(Server):
    """A LightGBM booster from ``model.bst``, which ``Booster.save_model`` writes. Source: MLServer's lightgbm runtime.

    Seldon has none prepackaged: on a cluster it is a container of MLServer's image for it.
    """

    catalogue: ClassVar[str | None] = "lightgbm"
    local_protocols: ClassVar[tuple[Protocol, ...]] = ("v2",)
    needs_model_uri: ClassVar[bool] = True
    spoken: ClassVar[tuple[Protocol, ...]] = ("v2",)
    runtime: ClassVar[str | None] = "mlserver_lightgbm.LightGBMModel"

    kind: Literal["lightgbm"] = "lightgbm"
    """Tells servers apart in data. Always ``lightgbm``."""
    image: Later[str] = "seldonio/mlserver:1.7.1-lightgbm"
    """Image for a cluster. Default: MLServer's own."""


class OnnxServer(Server):
    """An ONNX model from ``model.onnx``, on ONNX Runtime behind MLServer.

    On a cluster it needs an image with the runtime in ``servers/onnx``; Triton's backend ``onnxruntime`` serves the
    same file from a model repository, with ``TritonServer()``.
    """

    catalogue: ClassVar[str | None] = "onnx"
    local_protocols: ClassVar[tuple[Protocol, ...]] = ("v2",)
    needs_model_uri: ClassVar[bool] = True
    spoken: ClassVar[tuple[Protocol, ...]] = ("v2",)
    runtime: ClassVar[str | None] = "onnx_model.OnnxModel"

    kind: Literal["onnx"] = "onnx"
    """Tells servers apart in data. Always ``onnx``."""
    image: Later[str] | None = None
    """Image for a cluster, with MLServer, ONNX Runtime and ``onnx_model.py`` in it. Default: none, for the local target
    only."""


class TorchServeServer(Server):
    """A PyTorch model in TorchScript from ``model.pt``, on TorchServe behind MLServer.

    On a cluster it needs an image with the runtime in ``servers/torchserve``; Triton's backend ``pytorch`` serves the
    same file from a model repository, with ``TritonServer()``.
    """

    catalogue: ClassVar[str | None] = "torchserve"
    local_protocols: ClassVar[tuple[Protocol, ...]] = ("v2",)
    needs_model_uri: ClassVar[bool] = True
    spoken: ClassVar[tuple[Protocol, ...]] = ("v2",)
    runtime: ClassVar[str | None] = "torchserve_model.TorchServeModel"

    kind: Literal["torchserve"] = "torchserve"
    """Tells servers apart in data. Always ``torchserve``."""
    image: Later[str] | None = None
    """Image for a cluster, with MLServer, TorchServe and the files of ``servers/torchserve`` in it. Default: none, for
    the local target only."""


class MLflowServer(Server):
    """An MLflow model folder, the one with the file ``MLmodel``. Source: Seldon's MLFLOW_SERVER."""

    implementation: ClassVar[str | None] = "MLFLOW_SERVER"
    catalogue: ClassVar[str | None] = "mlflow"
    local_protocols: ClassVar[tuple[Protocol, ...]] = ("v2",)
    needs_model_uri: ClassVar[bool] = True
    spoken: ClassVar[tuple[Protocol, ...]] = ("seldon", "v2")

    kind: Literal["mlflow"] = "mlflow"
    """Tells servers apart in data. Always ``mlflow``."""
    version: str | None = None
    """Version of Seldon's image on protocol seldon. Default: 1.17.1, the last under Apache-2.0."""
    licence: Licence = "Apache-2.0"
    """Terms that you accept; a ``version`` later than 1.17.1 needs ``BSL-1.1``. Default: Apache-2.0."""


class TensorFlowServer(Server):
    """A TensorFlow SavedModel with its version folders ``1/``, ``2/``, …. Source: Seldon's TENSORFLOW_SERVER.

    Protocol tensorflow is served by TensorFlow Serving, protocol seldon by Seldon's proxy before it. The images of
    both, and so the proxy's licence, are what the operator's chart says.
    """

    implementation: ClassVar[str | None] = "TENSORFLOW_SERVER"
    catalogue: ClassVar[str | None] = "tensorflow"
    local_protocols: ClassVar[tuple[Protocol, ...]] = ("tensorflow",)
    needs_model_uri: ClassVar[bool] = True
    spoken: ClassVar[tuple[Protocol, ...]] = ("seldon", "tensorflow")

    kind: Literal["tensorflow"] = "tensorflow"
    """Tells servers apart in data. Always ``tensorflow``."""
    signature_name: str | None = None
    """Signature of the SavedModel that answers on protocol seldon. Default: the proxy's own. Source: its parameter
    ``signature_name``."""
    model_input: str | None = None
    """Name of the signature's input on protocol seldon. Default: the proxy's own. Source: its parameter
    ``model_input``."""
    model_output: str | None = None
    """Name of the signature's output on protocol seldon. Default: the proxy's own. Source: its parameter
    ``model_output``."""


class HuggingFaceServer(Server):
    """A Hugging Face pipeline, from a model folder or from the hub. Source: Seldon's HUGGINGFACE_SERVER."""

    implementation: ClassVar[str | None] = "HUGGINGFACE_SERVER"
    catalogue: ClassVar[str | None] = "huggingface"
    local_protocols: ClassVar[tuple[Protocol, ...]] = ("v2",)
    spoken: ClassVar[tuple[Protocol, ...]] = ("v2",)

    kind: Literal["huggingface"] = "huggingface"
    """Tells servers apart in data. Always ``huggingface``."""
    task: Later[str] | None = None
    """The pipeline's task, such as ``text-classification``. Default: what the model is for. Source: the server's
    parameter ``task``."""
    pretrained_model: Later[str] | None = None
    """Model to load from the hub where there is no ``model_uri``. Default: none. Source: parameter
    ``pretrained_model``."""
    pretrained_tokenizer: Later[str] | None = None
    """Tokenizer to load. Default: the model's own. Source: parameter ``pretrained_tokenizer``."""
    optimum_model: Later[bool] | None = None
    """Whether the model is an Optimum (ONNX) one. Default: False. Source: parameter ``optimum_model``."""


class TempoServer(Server):
    """A Tempo pipeline in MLServer's slim image. Source: Seldon's TEMPO_SERVER."""

    implementation: ClassVar[str | None] = "TEMPO_SERVER"
    needs_model_uri: ClassVar[bool] = True
    spoken: ClassVar[tuple[Protocol, ...]] = ("v2",)

    kind: Literal["tempo"] = "tempo"
    """Tells servers apart in data. Always ``tempo``."""


class TritonServer(Server):
    """NVIDIA Triton on a model, or on a repository of several. Source: Seldon's TRITON_SERVER.

    ``model_uri`` holds the model's files (``model.py`` for the python backend, ``model.onnx`` for onnxruntime).
    With ``config``, on this machine, its ``config.pbtxt`` is written for you, and with ``repository`` that of each of
    several; without, ``model_uri`` holds a Triton model repository, which both targets read.
    """

    implementation: ClassVar[str | None] = "TRITON_SERVER"
    catalogue: ClassVar[str | None] = "triton"
    local_protocols: ClassVar[tuple[Protocol, ...]] = ("v2",)
    needs_model_uri: ClassVar[bool] = True
    spoken: ClassVar[tuple[Protocol, ...]] = ("v2",)

    kind: Literal["triton"] = "triton"
    """Tells servers apart in data. Always ``triton``."""
    config: TritonModel | None = None
    """The model's configuration, written out as ``config.pbtxt``. Default: the one in the model repository. For the
    local target only: a cluster's Triton reads ``model_uri`` alone."""
    repository: TritonRepository | None = None
    """Several models instead, such as an ensemble and its steps. Default: one. For the local target only."""
    stored: TritonRepository | None = None
    """What the repository in ``model_uri`` says, as a typed value, on either target: nothing is written of it, but
    tensors and GPUs are held to it. Default: not known."""

    @property
    def models(self) -> tuple[TritonModel | TritonEnsemble, ...]:
        """The typed configurations of all that it serves, as far as they are known."""
        repository = self.repository or self.stored
        return (self.config,) if self.config else tuple(repository.models) if repository else ()

    def serves(self, name: str) -> TritonModel | TritonEnsemble | None:
        """Give the typed configuration of what a node of that name asks for, None where the files alone have it."""
        return self.config or next((model for model in self.models if model.name == name), None)


class PythonServer(Server):
    """Your Python class in Seldon's own wrapper, on protocol seldon; it can be every type of node.

    The class has the methods that its node needs: ``predict``, ``transform_input``, ``transform_output``, ``route``,
    ``aggregate``, ``send_feedback``. Source: PyPI ``seldon-core``.
    """

    catalogue: ClassVar[str | None] = "seldon-python"
    local_protocols: ClassVar[tuple[Protocol, ...]] = ("seldon",)
    roles: ClassVar[tuple[NodeType, ...]] = _ALL_TYPES
    spoken: ClassVar[tuple[Protocol, ...]] = ("seldon",)

    kind: Literal["python"] = "python"
    """Tells servers apart in data. Always ``python``."""
    source: str
    """Path of the file that holds the class, relative to the project's folder: ``stacks/fraud/score.py``."""
    class_name: str
    """Name of the class in that file."""
    image: Later[str] | None = None
    """Image for a cluster, with the class and its requirements in it. Default: none, for the local target only."""
    build: ImageBuild | None = None
    """How the image is built where none is named. Default: not at all."""
    requirements: Many[str] = ()
    """What the class needs beside the wrapper, as pip's requirements: ``scikit-learn==1.9.1``. Default: nothing."""


class MLServerRuntime(Server):
    """Your Python class as a runtime of MLServer, on protocol v2: a subclass of ``mlserver.MLModel``."""

    catalogue: ClassVar[str | None] = "mlserver"
    local_protocols: ClassVar[tuple[Protocol, ...]] = ("v2",)
    roles: ClassVar[tuple[NodeType, ...]] = ("MODEL", "TRANSFORMER", "OUTPUT_TRANSFORMER")
    spoken: ClassVar[tuple[Protocol, ...]] = ("v2",)

    kind: Literal["mlserver-runtime"] = "mlserver-runtime"
    """Tells servers apart in data. Always ``mlserver-runtime``."""
    source: str
    """Path of the file that holds the class, relative to the project's folder: ``stacks/digits/scale.py``."""
    class_name: str
    """Name of the class in that file."""
    image: Later[str] | None = None
    """Image for a cluster, with the class and its requirements in it. Default: none, for the local target only."""
    build: ImageBuild | None = None
    """How the image is built where none is named. Default: not at all."""
    requirements: Many[str] = ()
    """What the class needs beside MLServer, as pip's requirements. Default: nothing."""


class ContainerServer(Server):
    """Any image that speaks one of Seldon's protocols; on this machine the command that does the same."""

    roles: ClassVar[tuple[NodeType, ...]] = _ALL_TYPES

    kind: Literal["container"] = "container"
    """Tells servers apart in data. Always ``container``."""
    image: Later[str] | None = None
    """The image, best by digest: ``ghcr.io/acme/score@sha256:…``. Default: none, for the local target only."""
    speaks: Many[Protocol]
    """Protocols that the image speaks, on the ports that Seldon gives it: ``("v2",)``."""
    command: Many[Later[str]] = ()
    """What to run instead of the image's entry point. Default: the image's own. Source: Container.command."""
    args: Many[Later[str]] = ()
    """Arguments of it. Default: the image's own. Source: Container.args."""
    local_command: Many[Later[str]] = ()
    """What runs on this machine in the place of the image: program and arguments. It serves REST and gRPC on loopback,
    on ``{port.http}`` and ``{port.grpc}``; ``{model}`` is the copy of ``model_uri``. Default: none, for a cluster."""
    source: str | None = None
    """File or folder of the project that the command needs; ``{source}`` is the folder with its copy. Default: none."""

    @property
    def protocols(self) -> tuple[Protocol, ...]:
        """Protocols that it speaks on a cluster."""
        return tuple(self.speaks)


class CatalogueServer(Server):
    """A server of the catalogue by its name: a folder of ``servers/`` with ``[kinds.catalogue]``, and no class."""

    kind: Literal["catalogue"] = "catalogue"
    """Tells servers apart in data. Always ``catalogue``."""
    name: str
    """Its folder in ``servers/``."""
    speaks: Many[Protocol] = ("v2",)
    """Protocols that it speaks, of those that its folder names. Default: v2."""
    image: Later[str] | None = None
    """Image for a cluster, which serves by itself. Default: none, for the local target only."""

    @property
    def protocols(self) -> tuple[Protocol, ...]:
        """Protocols that it speaks on a cluster."""
        return tuple(self.speaks)

    @property
    def folder(self) -> str | None:
        """Folder of ``servers/`` that runs it on this machine."""
        return self.name


__all__ = [
    "LAST_APACHE_CORE",
    "LAST_APACHE_EXPLAINER",
    "CatalogueServer",
    "ContainerServer",
    "DynamicBatching",
    "HuggingFaceServer",
    "ImageBuild",
    "InstanceGroup",
    "Licence",
    "LightGBMServer",
    "MLServerRuntime",
    "MLflowServer",
    "NodeType",
    "OnnxServer",
    "Protocol",
    "PythonServer",
    "Server",
    "SklearnServer",
    "TempoServer",
    "Tensor",
    "TensorFlowServer",
    "TorchServeServer",
    "Transport",
    "TritonEnsemble",
    "TritonModel",
    "TritonRepository",
    "TritonServer",
    "XGBoostServer",
]
