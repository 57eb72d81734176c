"""A runtime of MLServer that hands requests over to TorchServe."""

import aiohttp
from arrays import packed, unpacked
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.errors import InferenceError, MLServerError
from mlserver.types import InferenceRequest, InferenceResponse
from mlserver.utils import get_model_uri
from prometheus_client import REGISTRY
from torchserve_process import TorchServe

FILES = ["model.pt"]
REFUSED = 400


class TorchServeModel(MLModel):
    """A model in TorchScript from ``model.pt``, which TorchServe runs."""

    async def load(self) -> bool:
        """Start TorchServe on the model."""
        server = TorchServe(self.name, await get_model_uri(self._settings, wellknown_filenames=FILES))
        await server.started()
        REGISTRY.register(server)
        headers = {"Authorization": f"Bearer {server.key}", "Content-Type": "application/octet-stream"}
        self._session = aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(server.inference)), headers=headers)
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Let TorchServe answer a request, by the names of the tensors."""
        arrays = {tensor.name: NumpyCodec.decode_input(tensor) for tensor in payload.inputs}
        if any(array.dtype.kind not in "biuf" for array in arrays.values()):
            raise InferenceError("a model in TorchScript takes numbers and truth values, no BYTES")
        found = await self._answer(packed(arrays))
        wanted = [tensor.name for tensor in payload.outputs or []] or list(found)
        unknown = [name for name in wanted if name not in found]
        if unknown:
            raise InferenceError(f"'outputs': the model has no '{unknown[0][:100]}'; it has {', '.join(found)}")
        outputs = [NumpyCodec.encode_output(name, found[name]) for name in wanted]
        return InferenceResponse(model_name=self.name, model_version=self.version, outputs=outputs)

    async def _answer(self, body):
        async with self._session.post(f"http://torchserve/predictions/{self.name}", data=body) as answer:
            content = await answer.read()
        if answer.status == REFUSED:
            raise InferenceError(f"model '{self.name}' refuses the input: {content.decode(errors='replace')}")
        if answer.status != 200:
            raise MLServerError(f"TorchServe: {content.decode(errors='replace')}", answer.status)
        return unpacked(content)
