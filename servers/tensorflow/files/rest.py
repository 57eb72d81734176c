"""TensorFlow Serving's REST interface. Source: its page "RESTful API"."""

import asyncio
import base64
import json

import numpy as np
from aiohttp import web
from google.protobuf import json_format
from saved_model import NotServed, Refused, arrays, of_values, specs

LARGEST_BODY = 64 * 1024 * 1024


def application(model, metrics, messages):
    """Make the HTTP application of one model."""
    handlers = Rest(model, metrics, messages)
    app = web.Application(client_max_size=LARGEST_BODY, middlewares=[as_tensorflow_serving])
    path = "/v1/models/{name}{version:(/versions/[0-9]+)?}"
    app.router.add_post(path + ":predict", handlers.predict)
    app.router.add_get(path + "/metadata", handlers.metadata)
    app.router.add_get(path, handlers.status)
    return app


@web.middleware
async def as_tensorflow_serving(request, handler):
    """Answer every error as TensorFlow Serving does: an object with ``error``."""
    try:
        return await handler(request)
    except Refused as error:
        return failed(400, str(error))
    except NotServed as error:
        return failed(404, str(error))
    except web.HTTPException as error:
        return failed(error.status, error.text or error.reason)
    except Exception as error:
        print(f"{request.path}: {error!r}", flush=True)
        return failed(500, f"the model failed: {error}")


def failed(status, text):
    """Make an error an answer."""
    return web.json_response({"error": text}, status=status)


class Rest:
    """What is answered on each path."""

    def __init__(self, model, metrics, messages):
        self.model, self.metrics, self.messages = model, metrics, messages

    def _require(self, request):
        if request.match_info["name"] != self.model.name:
            raise NotServed(f"Servable not found for request: Latest({request.match_info['name']})")
        version = request.match_info["version"].rpartition("/")[2]
        self.model.require_version(int(version) if version else None)

    async def status(self, request):
        """Say that the version is there."""
        self._require(request)
        return web.json_response(_tree(self.messages.status(self.model)))

    async def metadata(self, request):
        """Say what each signature takes and gives."""
        self._require(request)
        spec = {"name": self.model.name, "signature_name": "", "version": str(self.model.version)}
        signatures = _tree(self.messages.signatures(self.model))
        return web.json_response({"model_spec": spec, "metadata": {"signature_def": signatures}})

    async def predict(self, request):
        """Answer a prediction, in rows or in columns as it was asked."""
        self._require(request)
        with self.metrics.request("REST"):
            tree = parsed(await request.read())
            signature = self.model.signature(tree.get("signature_name"))
            tensors = arrays(signature, columns(tree, specs(signature)), of_values)
            outputs = await self.model.predict(asyncio.get_running_loop(), signature, tensors)
            return web.json_response(answer(tree, tensors, outputs))


def _tree(message):
    return json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )


def parsed(body):
    """Read a request as far as it is the same for every model."""
    try:
        tree = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused(f"JSON Parse error: {error}") from None
    if not isinstance(tree, dict) or ("instances" in tree) == ("inputs" in tree):
        raise Refused("the request must be an object with one of 'instances' and 'inputs'")
    if not isinstance(tree.get("signature_name", ""), str):
        raise Refused("'signature_name' must be a text")
    return tree


def columns(tree, wanted):
    """Give a request's inputs by name, whichever of the two formats it has."""
    if "inputs" in tree:
        inputs = tree["inputs"]
        return inputs if _is_named(inputs) else {_only(wanted): inputs}
    rows = tree["instances"]
    if not isinstance(rows, list) or not rows:
        raise Refused("'instances' must be a list that is not empty")
    if not any(map(_is_named, rows)):
        return {_only(wanted): rows}
    names = set(rows[0]) if _is_named(rows[0]) else set()
    if not all(_is_named(row) and set(row) == names for row in rows):
        raise Refused("all instances must have the same keys")
    return {name: [row[name] for row in rows] for name in names}


def _is_named(value):
    """Tell names of inputs from the one object that is a value."""
    return isinstance(value, dict) and set(value) != {"b64"}


def _only(wanted):
    if len(wanted) != 1:
        raise Refused(f"the signature has inputs {', '.join(sorted(wanted))}, each must come by its name")
    return next(iter(wanted))


def answer(tree, tensors, outputs):
    """Write outputs in the format of the request; a single output comes without its name."""
    listed = {name: written(name, array) for name, array in outputs.items()}
    if "inputs" in tree:
        return {"outputs": next(iter(listed.values())) if len(listed) == 1 else listed}
    size = len(tree["instances"])
    if any(array.ndim == 0 or len(array) != size for array in outputs.values()):
        raise RuntimeError("outputs have no row for each instance; ask with 'inputs'")
    if len(listed) == 1:
        return {"predictions": next(iter(listed.values()))}
    return {"predictions": [dict(zip(listed, row, strict=True)) for row in zip(*listed.values(), strict=True)]}


def written(name, array):
    """Write an array as JSON: bytes as texts, in base64 where the output's name says that it is bytes."""
    if array.dtype != object:
        return array.astype(np.float64).tolist() if array.dtype.kind not in "iubf" else array.tolist()
    return _written(array.tolist(), name.endswith("_bytes"))


def _written(value, binary):
    if isinstance(value, list):
        return [_written(each, binary) for each in value]
    return {"b64": base64.b64encode(value).decode()} if binary else value.decode("utf-8", "replace")
