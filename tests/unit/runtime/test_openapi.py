from __future__ import annotations

import json
import re
from typing import Any

import openapi_spec_validator
import pytest
from openapi_schema_validator import OAS30Validator

from seldon_infra.ingress.render import envoy
from seldon_infra.ingress.routes import Backend, Route
from seldon_infra.runtime.openapi import openapi, page

PROTOCOLS = ["seldon", "v2"]


def references(tree: Any) -> set[str]:
    if isinstance(tree, dict):
        here = {tree["$ref"]} if "$ref" in tree else set()
        return here.union(*(references(value) for value in tree.values()))
    return set().union(*(references(value) for value in tree)) if isinstance(tree, list) else set()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_reference_leads_to_a_schema(protocol: str) -> None:
    document = openapi("d", "ns", protocol, ["m"])
    schemas = document["components"]["schemas"]
    assert references(document) == {f"#/components/schemas/{name}" for name in schemas}
    assert json.loads(json.dumps(document)) == document


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_document_is_openapi(protocol: str) -> None:
    openapi_spec_validator.validate(openapi("d", "ns", protocol, ["m"]))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_examples_are_what_their_schemas_say(protocol: str) -> None:
    document = openapi("d", "ns", protocol, ["m"])
    for operations in document["paths"].values():
        for operation in operations.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                whole = {**content["schema"], "components": document["components"]}
                OAS30Validator(whole).validate(content["example"])


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_path_is_one_that_the_gateway_lets_through(protocol: Any) -> None:
    document = openapi("d", "ns", protocol, ["m", "d"])
    main = Backend("main", 100, False, "127.0.0.1:1", "127.0.0.1:2")
    rendered: Any = envoy.route_configuration([Route("ns", "d", protocol, (main,), ("m", "d"))])
    matches = [
        (entry["match"]["headers"][0]["string_match"]["exact"], entry["match"]["safe_regex"]["regex"])
        for entry in rendered["resources"][0]["virtual_hosts"][0]["routes"]
        if "safe_regex" in entry["match"]
    ]
    for path, operations in document["paths"].items():
        for method in operations:
            whole = document["servers"][0]["url"] + path
            assert any(verb == method.upper() and re.fullmatch(regex, whole) for verb, regex in matches), whole


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_page_shows_every_path_and_needs_nothing_from_elsewhere(protocol: str) -> None:
    document = openapi("d", "ns", protocol, ["m"])
    text = page(document)
    for path in document["paths"]:
        assert f"/seldon/ns/d{path}" in text
    assert "http://" not in text
    assert "https://" not in text
    assert "<script" not in text


def test_names_are_text_in_the_page() -> None:
    assert "<b>" not in page(openapi("<b>", "ns", "v2", ["<b>"]))
