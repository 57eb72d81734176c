"""The Kubernetes control plane that tests run against: built from pinned modules, kept in the cache by version.

etcd, the API server, controllers and scheduler are the real ones; kwok plays the nodes. Definitions of Istio's,
Emissary's, the Gateway API's, KEDA's and Prometheus' operator's custom resources come from their own modules.
"""

from __future__ import annotations

from pathlib import Path

from seldon_infra.core.paths import cache_dir
from toolchain.go_build import GoProgram, ModuleFiles, build_once

HERE = Path(__file__).parent
KUBERNETES = "1.37.2"

ETCD = GoProgram("etcd", "3.7.3", HERE / "etcd", ("go.etcd.io/etcd/server/v3",), "-s -w", 1)
CONTROL_PLANE = GoProgram(
    "Kubernetes",
    KUBERNETES,
    HERE / "kubernetes",
    (
        "k8s.io/kubernetes/cmd/kube-apiserver",
        "k8s.io/kubernetes/cmd/kube-controller-manager",
        "k8s.io/kubernetes/cmd/kube-scheduler",
    ),
    f"-s -w -X k8s.io/component-base/version.gitVersion=v{KUBERNETES}",
    11,
)
KWOK = GoProgram(
    "kwok",
    "0.8.0",
    HERE / "kwok",
    ("sigs.k8s.io/kwok/cmd/kwok",),
    "-s -w",
    5,
    (
        ModuleFiles("sigs.k8s.io/kwok", "kustomize/stage/pod/fast/pod-*.yaml"),
        ModuleFiles("sigs.k8s.io/kwok", "kustomize/stage/node/fast/node-*.yaml"),
        ModuleFiles("sigs.k8s.io/kwok", "kustomize/stage/node/heartbeat/node-*.yaml"),
    ),
)
DEFINITIONS = GoProgram(
    "custom resource definitions",
    "istio-1.32.0-gateway-api-1.6.3-emissary-3.9.1-prometheus-operator-0.85.0-rules-keda-2.21.0",
    HERE / "crds",
    (),
    "",
    1,
    (
        ModuleFiles("github.com/emissary-ingress/emissary/v3", "pkg/api/getambassador.io/crds.yaml"),
        ModuleFiles("github.com/kedacore/keda/v2", "config/crd/bases/keda.sh_scaledobjects.yaml"),
        ModuleFiles(
            "github.com/prometheus-operator/prometheus-operator",
            "example/prometheus-operator-crd/monitoring.coreos.com_*monitors.yaml",
        ),
        ModuleFiles(
            "github.com/prometheus-operator/prometheus-operator",
            "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
        ),
        ModuleFiles("istio.io/api", "kubernetes/customresourcedefinitions.gen.yaml"),
        ModuleFiles("sigs.k8s.io/gateway-api", "config/crd/standard/*_*.yaml"),
    ),
)
PROGRAMS = (ETCD, CONTROL_PLANE, KWOK, DEFINITIONS)
_HOME = {
    "etcd": (ETCD, "server"),
    "kube-apiserver": (CONTROL_PLANE, "kube-apiserver"),
    "kube-controller-manager": (CONTROL_PLANE, "kube-controller-manager"),
    "kube-scheduler": (CONTROL_PLANE, "kube-scheduler"),
    "kwok": (KWOK, "kwok"),
}
"""Program to what it is built with, and the name that `go build` gives it."""


def provide(environment: Path) -> None:
    """Build what is not in the cache yet."""
    for part in PROGRAMS:
        build_once(part, environment, _folder(part))


def is_provided() -> bool:
    """Tell whether everything is in the cache."""
    return all(_folder(part).is_dir() for part in PROGRAMS)


def program(name: str) -> Path:
    """Give the executable of one of ``etcd``, ``kube-apiserver``, … ``kwok``."""
    part, executable = _HOME[name]
    return _folder(part) / executable


def kwok_stages() -> list[Path]:
    """Give kwok's descriptions of how nodes and pods live: ready at once, deleted at once."""
    return sorted(_folder(KWOK).glob("*.yaml"))


def definitions() -> list[Path]:
    """Give the files with the custom resource definitions of everything that the library makes objects of."""
    return sorted(_folder(DEFINITIONS).glob("*.yaml"))


def _folder(part: GoProgram) -> Path:
    return cache_dir() / "control-plane" / part.name.replace(" ", "-").lower() / part.version
