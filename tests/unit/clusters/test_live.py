from __future__ import annotations

from pathlib import Path

import pytest
from kubernetes.config import kube_config

from seldon_infra.clusters.live import cluster

KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: {name}
clusters: [{{name: here, cluster: {{server: "http://127.0.0.1:1"}}}}]
contexts: [{{name: {name}, context: {{cluster: here, user: me}}}}]
users: [{{name: me, user: {{}}}}]
"""


def test_a_kubeconfig_that_is_named_after_the_client_was_imported_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("earlier", "later"):
        (tmp_path / name).write_text(KUBECONFIG.format(name=name))
    monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "earlier"))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    assert cluster(None).name == "earlier"
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "later"))
    assert cluster(None).name == "later"
    assert cluster(None, str(tmp_path / "earlier")).name == "earlier"
