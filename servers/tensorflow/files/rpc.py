"""TensorFlow Serving's gRPC interface: Predict, GetModelMetadata and GetModelStatus."""

import asyncio

import grpc
import tensorflow as tf
from google.protobuf.message import DecodeError
from saved_model import NotServed, Refused, arrays, of_proto
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2, predict_pb2

LARGEST_MESSAGE = 64 * 1024 * 1024
OPTIONS = (("grpc.max_receive_message_length", LARGEST_MESSAGE), ("grpc.max_send_message_length", LARGEST_MESSAGE))
SIGNATURES = "signature_def"
"""The only field that GetModelMetadata knows."""


def status(model):
    """Say that the version is there."""
    found = get_model_status_pb2.GetModelStatusResponse()
    version = found.model_version_status.add(
        version=model.version, state=get_model_status_pb2.ModelVersionStatus.AVAILABLE
    )
    version.status.error_code = 0
    return found


def signatures(model):
    """Say what each signature takes and gives."""
    found = get_model_metadata_pb2.SignatureDefMap()
    for name, signature in model.signature_defs.items():
        found.signature_def[name].CopyFrom(signature)
    return found


class Rpc(grpc.GenericRpcHandler):
    """What is answered to each method."""

    def __init__(self, model, metrics):
        self.model, self.metrics = model, metrics
        prediction, service = "/tensorflow.serving.PredictionService", "/tensorflow.serving.ModelService"
        self.methods = {
            f"{prediction}/Predict": (predict_pb2.PredictRequest, self.predict),
            f"{prediction}/GetModelMetadata": (get_model_metadata_pb2.GetModelMetadataRequest, self.metadata),
            f"{service}/GetModelStatus": (get_model_status_pb2.GetModelStatusRequest, self.status),
        }

    def service(self, details):
        """Find what answers a method."""
        found = self.methods.get(details.method)
        if found is None:
            return None
        kind, answer = found

        async def handle(wire, context):
            try:
                request = kind.FromString(wire)
                self._require(request.model_spec)
                return (await answer(request)).SerializeToString()
            except DecodeError:
                await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the message cannot be parsed")
            except Refused as error:
                await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
            except NotServed as error:
                await context.abort(grpc.StatusCode.NOT_FOUND, str(error))
            except (grpc.aio.AbortError, asyncio.CancelledError):
                raise
            except Exception as error:
                print(f"{details.method}: {error!r}", flush=True)
                await context.abort(grpc.StatusCode.INTERNAL, f"the model failed: {error}")

        return grpc.unary_unary_rpc_method_handler(handle)

    def _require(self, spec):
        if spec.name != self.model.name:
            raise NotServed(f"Servable not found for request: Latest({spec.name})")
        if spec.WhichOneof("version_choice") == "version_label":
            raise NotServed(f"Unrecognized servable version label: {spec.version_label}")
        self.model.require_version(spec.version.value if spec.HasField("version") else None)

    async def predict(self, request):
        """Answer a prediction."""
        with self.metrics.request("GRPC"):
            signature = self.model.signature(request.model_spec.signature_name)
            tensors = arrays(signature, request.inputs, of_proto)
            loop = asyncio.get_running_loop()
            outputs = await self.model.predict(loop, signature, tensors, tuple(request.output_filter))
            answer = predict_pb2.PredictResponse()
            self._name(answer.model_spec, request.model_spec.signature_name)
            for name, array in outputs.items():
                answer.outputs[name].CopyFrom(tf.make_tensor_proto(array))
            return answer

    async def metadata(self, request):
        """Say what each signature takes and gives."""
        if list(request.metadata_field) != [SIGNATURES]:
            raise Refused(f"metadata_field must be '{SIGNATURES}'")
        answer = get_model_metadata_pb2.GetModelMetadataResponse()
        self._name(answer.model_spec, "")
        answer.metadata[SIGNATURES].Pack(signatures(self.model))
        return answer

    async def status(self, request):
        """Say that the version is there."""
        return status(self.model)

    def _name(self, spec, signature):
        spec.name, spec.signature_name = self.model.name, signature
        spec.version.value = self.model.version
