"""Model servers and payload logs before outside judges: nothing is held against them but what the list says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from seldon_infra.model_server.render import model_server
from tests.judges.skips import EVERYWHERE
from tests.judges.test_seldon_deployments import judged, unexplained
from tests.unit.model_server.cases import CASES
from tests.unit.payload_log.cases import CASES as LOGS
from tests.unit.payload_log.cases import rendered

pytestmark = pytest.mark.judges


def objects() -> dict[str, list[dict[str, Any]]]:
    servers = {name: list(model_server(case.server).values()) for name, case in CASES.items()}
    return {**servers, **{f"payload-log-{name}": list(rendered(case).values()) for name, case in LOGS.items()}}


def test_neither_server_nor_log_is_objected_to_by_no_judge(tmp_path: Path) -> None:
    assert unexplained(judged(objects(), tmp_path), *EVERYWHERE) == []


def test_one_without_what_keeps_it_safe_is_objected_to(tmp_path: Path) -> None:
    kept = {name: [each for each in made if "Policy" not in each["kind"]] for name, made in objects().items()}
    ids = {each.id for each in unexplained(judged(kept, tmp_path), *EVERYWHERE)}
    assert {"CKV2_K8S_6", "pod-networkpolicy"} <= ids
