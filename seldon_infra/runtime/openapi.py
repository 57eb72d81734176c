"""The OpenAPI document of a deployment, and a page for people that shows it without anything from elsewhere."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Document: TypeAlias = dict[str, Any]

_NUMBERS = {"type": "array", "items": {}}
_META = {
    "type": "object",
    "properties": {
        "puid": {"type": "string", "description": "Id of the request; given in the header Seldon-Puid, else made."},
        "tags": {"type": "object", "additionalProperties": True},
        "routing": {"type": "object", "additionalProperties": {"type": "integer"}},
        "requestPath": {"type": "object", "additionalProperties": {"type": "string"}},
        "metrics": {"type": "array", "items": {"type": "object"}},
    },
}
_DATA = {
    "type": "object",
    "properties": {
        "names": {"type": "array", "items": {"type": "string"}},
        "tensor": {
            "type": "object",
            "properties": {
                "shape": {"type": "array", "items": {"type": "integer"}},
                "values": {"type": "array", "items": {"type": "number"}},
            },
        },
        "ndarray": _NUMBERS,
    },
}
_MESSAGE = {
    "type": "object",
    "description": "One of data, strData, binData, jsonData holds the payload.",
    "properties": {
        "meta": _META,
        "data": _DATA,
        "strData": {"type": "string"},
        "binData": {"type": "string", "format": "byte"},
        "jsonData": {},
    },
    "example": {"data": {"ndarray": [[1.0, 2.0]]}},
}
_FEEDBACK = {
    "type": "object",
    "properties": {
        "request": {"$ref": "#/components/schemas/SeldonMessage"},
        "response": {"$ref": "#/components/schemas/SeldonMessage"},
        "truth": {"$ref": "#/components/schemas/SeldonMessage"},
        "reward": {"type": "number"},
    },
}
_DATATYPES = ("BOOL", *(f"{sign}INT{size}" for sign in ("", "U") for size in (8, 16, 32, 64)), "FP16", "FP32", "FP64")
_TENSOR = {
    "type": "object",
    "required": ["name", "shape", "datatype", "data"],
    "properties": {
        "name": {"type": "string"},
        "shape": {"type": "array", "maxItems": 32, "items": {"type": "integer", "minimum": 0}},
        "datatype": {"type": "string", "enum": [*_DATATYPES, "BYTES"]},
        "parameters": {"type": "object", "additionalProperties": True},
        "data": _NUMBERS,
    },
}
_TENSORS = {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Tensor"}}
_ID = {"type": "string", "pattern": "^[!-~]{1,256}$", "description": "Comes back with the answer."}
_INFER = {
    "type": "object",
    "required": ["inputs"],
    "properties": {"id": _ID, "parameters": {"type": "object"}, "inputs": _TENSORS},
    "example": {"inputs": [{"name": "x", "shape": [1, 2], "datatype": "FP64", "data": [1.0, 2.0]}]},
}
_INFERRED = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "model_name": {"type": "string"}, "outputs": _TENSORS},
}
_PREDICT = {
    "type": "object",
    "description": "Rows in instances, or columns in inputs.",
    "properties": {"signature_name": {"type": "string"}, "instances": _NUMBERS, "inputs": {}},
    "example": {"instances": [[1.0, 2.0]]},
}
_PREDICTED = {"type": "object", "properties": {"predictions": _NUMBERS, "outputs": {}}}
_ERROR = {
    "type": "object",
    "description": "What went wrong, in the words of protocol v2 (error) and of Seldon's (status).",
    "properties": {
        "error": {"type": "string"},
        "status": {
            "type": "object",
            "properties": {
                "code": {"type": "integer"},
                "info": {"type": "string"},
                "reason": {"type": "string"},
                "status": {"type": "string", "enum": ["FAILURE"]},
            },
        },
    },
}
_SCHEMAS = {
    "seldon": {"SeldonMessage": _MESSAGE, "Feedback": _FEEDBACK, "Error": _ERROR},
    "v2": {"Tensor": _TENSOR, "InferenceRequest": _INFER, "InferenceResponse": _INFERRED, "Error": _ERROR},
    "tensorflow": {"PredictRequest": _PREDICT, "PredictResponse": _PREDICTED, "Error": _ERROR},
}


def openapi(name: str, namespace: str, protocol: str, models: Sequence[str]) -> Document:
    """Describe a deployment's REST paths in OpenAPI 3.0.

    Args:
        name: the deployment's name.
        namespace: its namespace.
        protocol: ``seldon``, ``v2`` or ``tensorflow``.
        models: names that a client may use for the model in a path of the others; the first is the graph's root.
    """
    paths = _seldon_paths() if protocol == "seldon" else _PATHS[protocol](models)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": name,
            "version": "1.0",
            "description": f"Deployment {name} in namespace {namespace}, protocol {protocol}.",
        },
        "servers": [{"url": f"/seldon/{namespace}/{name}"}],
        "paths": paths,
        "components": {"schemas": _SCHEMAS[protocol]},
    }


def page(document: Document) -> str:
    """Show an OpenAPI document as one page of HTML."""
    title = html.escape(f"{document['info']['title']}: API")
    prefix = document["servers"][0]["url"]
    sections = "\n".join(
        _section(method, prefix + path, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    )
    return (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{title}</title>\n<style>{_STYLE}</style>\n'
        f"<h1>{html.escape(document['info']['title'])}</h1>\n<p>{html.escape(document['info']['description'])} "
        f'<a href="openapi.json">openapi.json</a></p>\n{sections}\n</html>\n'
    )


_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}"
    "code,pre{font-family:ui-monospace,monospace;font-size:.9em}"
    "pre{background:#f4f4f6;padding:.7rem;overflow:auto}h2{font-size:1.05rem;margin:1.6rem 0 .3rem}"
    "@media(prefers-color-scheme:dark){body{background:#16161a;color:#eee}pre{background:#26262c}a{color:#8ab4ff}}"
)


def _section(method: str, path: str, operation: Mapping[str, Any]) -> str:
    heading = f"<h2><code>{method.upper()} {html.escape(path)}</code></h2>\n<p>{html.escape(operation['summary'])}</p>"
    example = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
    return heading if example is None else f"{heading}\n<pre>{html.escape(json.dumps(example))}</pre>"


def _seldon_paths() -> Document:
    message, feedback = _MESSAGE["example"], {"request": {}, "response": {"meta": {"routing": {}}}, "reward": 1.0}
    return {
        "/api/v1.0/predictions": {"post": _post("Ask for a prediction.", "SeldonMessage", "SeldonMessage", message)},
        "/api/v1.0/feedback": {
            "post": _post("Say how good an answer was; it goes where the answer came from.", "Feedback", None, feedback)
        },
        "/api/v1.0/metadata": {"get": _get("What the graph and its nodes take and give.")},
        "/api/v1.0/health/status": {"get": _get("200 when every node is ready.")},
    }


def _v2_paths(models: Sequence[str]) -> Document:
    paths: Document = {}
    for model in dict.fromkeys(models[:1]):
        infer = _post("Ask for a prediction.", "InferenceRequest", "InferenceResponse", _INFER["example"])
        paths[f"/v2/models/{model}/infer"] = {"post": infer}
        paths[f"/v2/models/{model}"] = {"get": _get("What it takes and gives.")}
        paths[f"/v2/models/{model}/ready"] = {"get": _get("200 when it is ready.")}
    return {**paths, "/v2/health/ready": {"get": _get("200 when everything is ready.")}}


def _tensorflow_paths(models: Sequence[str]) -> Document:
    paths: Document = {}
    for model in dict.fromkeys(models[:1]):
        predict = _post("Ask for a prediction.", "PredictRequest", "PredictResponse", _PREDICT["example"])
        paths[f"/v1/models/{model}:predict"] = {"post": predict}
        paths[f"/v1/models/{model}"] = {"get": _get("Its versions, and whether they are ready.")}
        paths[f"/v1/models/{model}/metadata"] = {"get": _get("What it takes and gives.")}
    return paths


_PATHS = {"v2": _v2_paths, "tensorflow": _tensorflow_paths}


def _post(summary: str, takes: str, gives: str | None, example: object) -> Document:
    body = {"schema": {"$ref": f"#/components/schemas/{takes}"}, "example": example}
    return {
        "summary": summary,
        "requestBody": {"required": True, "content": {"application/json": body}},
        "responses": {"200": _response("The answer.", gives), "default": _response("An error.", "Error")},
    }


def _get(summary: str) -> Document:
    return {
        "summary": summary,
        "responses": {"200": _response("The answer.", None), "default": _response("An error.", "Error")},
    }


def _response(description: str, schema: str | None) -> Document:
    if schema is None:
        return {"description": description}
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": description, "content": content}
