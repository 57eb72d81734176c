"""What goes together: Seldon Core's releases, Kubernetes, Istio, Emissary, licences. A table, and what follows from it.

Every row names where it was read. A version that is newer than the newest row is judged by that row: rows say what is
known not to work, and what nobody has tried is ``untried``, no error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from seldon_infra.core.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seldon_infra.servers.spec import Licence

Version = tuple[int, ...]
MAPPING = "getambassador.io/v2"
"""The version of Emissary's Mapping that Seldon's operator writes.
Source: operator/controllers/ambassador/v2.go of SeldonIO/seldon-core 1.17.1."""
CRD_VERSION = "v1"
"""The version of SeldonDeployment that this library writes."""


@dataclass(frozen=True)
class SeldonRelease:
    """A minor release of Seldon Core: chart, CRD and operator carry one version."""

    version: str
    licence: Licence
    kubernetes: tuple[str, str | None]
    """The first minor version of Kubernetes that it runs on, and the last; None where none is known to break it."""
    tried: str
    """The last minor version of Kubernetes that its authors list."""
    istio: str
    """The first version of Istio that its authors recommend."""
    mlserver: str
    """The version of MLServer that serves protocol v2 in its map of servers."""
    source: str


@dataclass(frozen=True)
class IngressRelease:
    """A minor release of an ingress."""

    version: str
    kubernetes: str
    """The first minor version of Kubernetes that it runs on."""
    source: str


_CORE = "SeldonIO/seldon-core"
_V2BETA1 = "its operator writes autoscaling/v2beta1, which Kubernetes 1.25 does not serve"
SELDON = (
    SeldonRelease(
        "1.15", "Apache-2.0", ("1.18", "1.24"), "1.24", "1.5", "1.2.0", f"{_CORE} 1.15.1: values.yaml, install.rst"
    ),
    SeldonRelease(
        "1.16", "Apache-2.0", ("1.23", None), "1.27", "1.16", "1.3.0", f"{_CORE} 1.16.0: values.yaml; install.rst"
    ),
    SeldonRelease(
        "1.17", "Apache-2.0", ("1.23", None), "1.27", "1.16", "1.3.5", f"{_CORE} 1.17.1: values.yaml; 1.18: install.rst"
    ),
    SeldonRelease(
        "1.18", "BSL-1.1", ("1.23", None), "1.27", "1.16", "1.3.5", f"{_CORE} 1.18.2: values.yaml, install.rst"
    ),
    SeldonRelease(
        "1.19", "BSL-1.1", ("1.23", None), "1.27", "1.16", "1.6.1", f"{_CORE} 1.19.0-rc.1: values.yaml, install.rst"
    ),
)
_MINIMUM = "istio/istio {}: MinK8SVersion of its version check"
ISTIO = (
    IngressRelease("1.22", "1.26", _MINIMUM.format("1.22.8")),
    IngressRelease("1.24", "1.28", _MINIMUM.format("1.24.6")),
    IngressRelease("1.25", "1.29", _MINIMUM.format("1.25.5")),
    IngressRelease("1.28", "1.30", _MINIMUM.format("1.28.10")),
    IngressRelease("1.30", "1.32", _MINIMUM.format("1.30.3")),
)
EMISSARY = (
    IngressRelease("3.9", "1.21", "emissary-ingress/emissary 3.9.1: apiextensions.k8s.io/v1 in its crds.yaml"),
    IngressRelease("4.0", "1.25", "emissary-ingress/emissary 4.1.0: kubeVersion of charts/emissary-ingress/Chart.yaml"),
)


@dataclass(frozen=True)
class Versions:
    """What is on a cluster, or shall be; None is what is not known, or not there."""

    kubernetes: str | None = None
    """Version of the API server: ``1.31`` or ``v1.31.4-eks-…``."""
    seldon: str | None = None
    """Version of Seldon's chart, which is that of its CRD and operator."""
    operator: str | None = None
    """Version of the operator's image, where it was looked at by itself."""
    istio: str | None = None
    """Version of istiod."""
    emissary: str | None = None
    """Version of Emissary (Ambassador)."""
    licence: str | None = None
    """The terms that were accepted for Seldon Core."""
    crd_versions: tuple[str, ...] | None = None
    """Versions of SeldonDeployment that the API server serves."""
    mapping_versions: tuple[str, ...] | None = None
    """Versions of Emissary's Mapping that the API server serves: ``v2``, ``v3alpha1``."""
    mlserver: str | None = None
    """Version of MLServer that serves protocol v2, where it is not the one of Seldon's map."""


def problems(facts: Versions) -> list[Problem]:
    """Find what does not go together; the entry for checks of a definition and of a live cluster alike.

    Fill in what you know: a live check reads the API server's version, the image tags of seldon-controller-manager,
    istiod and Emissary, and the versions that the CRDs serve; whatever stays None is passed over. Each problem's
    ``path`` is ``versions``: put the user's own object around it with :meth:`Problem.within`.
    """
    return [problem for rule in RULES for problem in rule(facts)]


def untried(facts: Versions) -> list[str]:
    """Say what nobody has listed as working, though nothing is known against it: sentences for a warning."""
    row = seldon_release(facts.seldon)
    kubernetes = minor(facts.kubernetes)
    if row is None or kubernetes is None or kubernetes <= numbers(row.tried):
        return []
    said = f"Kubernetes {dotted(kubernetes)} is newer than {row.tried}"
    return [f"{said}, the last that Seldon Core {row.version} is listed for ({row.source})"]


def upgrade_steps(now: Versions, wanted: Versions) -> list[str]:
    """Give the order in which an upgrade has to go; empty where nothing changes.

    Seldon's own rule is Seldon Core first, Kubernetes after it, one minor version at a time; what an operator writes
    has to be served by the ingress's CRDs first, so the ingress goes before the operator. Kubernetes goes first only
    where the new parts do not run on the old one.
    """
    first = _kubernetes_first(now, wanted)
    kubernetes = _kubernetes_steps(now.kubernetes, wanted.kubernetes)
    parts = [
        *_step("Istio: base (its CRDs), then istiod, then the gateway", now.istio, wanted.istio),
        *_step("Emissary: its CRDs, then Emissary", now.emissary, wanted.emissary),
        *_step("Seldon Core: CRD and operator, by its chart", now.seldon, wanted.seldon),
    ]
    images = _step("images of model servers, deployment by deployment", now.mlserver, wanted.mlserver)
    return [*(kubernetes if first else ()), *parts, *(() if first else kubernetes), *images]


def seldon_release(version: str | None) -> SeldonRelease | None:
    """Give the row for a version of Seldon Core; a later one than all is judged by the last."""
    found = minor(version)
    rows = [row for row in SELDON if found is not None and numbers(row.version) <= found]
    return rows[-1] if rows else None


def minor(version: str | None) -> Version | None:
    """Read the first two numbers of a version, as clouds write it too: ``v1.31.4-eks-abc`` is (1, 31)."""
    match = re.match(r"v?(\d+)\.(\d+)", version or "")
    return (int(match.group(1)), int(match.group(2))) if match else None


def numbers(version: str) -> Version:
    """Give a version's numbers, which compare as versions do: those of ``1.30.3-distroless`` are (1, 30, 3)."""
    return tuple(int(number) for number in re.findall(r"\d+", version.partition("-")[0]))


def dotted(version: Version) -> str:
    """Write a version's numbers."""
    return ".".join(str(number) for number in version)


def seldon_runs_on_kubernetes(facts: Versions) -> Iterator[Problem]:
    """An operator needs the API versions that it was written for."""
    row, kubernetes = seldon_release(facts.seldon), minor(facts.kubernetes)
    if row is None or kubernetes is None:
        return
    first, last = row.kubernetes
    got = f"Kubernetes {dotted(kubernetes)} with Seldon Core {facts.seldon}"
    if kubernetes < numbers(first):
        yield Problem("versions", got, f"must be {first} or later ({row.source})", f"upgrade Kubernetes to {first}")
    elif last is not None and kubernetes > numbers(last):
        fix = "first upgrade Seldon Core to 1.17.1"
        yield Problem("versions", got, f"must be at most {last}: {_V2BETA1} ({row.source})", fix)


def istio_fits(facts: Versions) -> Iterator[Problem]:
    """Istio needs a Kubernetes that is new enough, and Seldon an Istio that is."""
    yield from _ingress_runs("Istio", facts.istio, ISTIO, facts.kubernetes)
    row, istio = seldon_release(facts.seldon), minor(facts.istio)
    if row is not None and istio is not None and istio < numbers(row.istio):
        got, want = f"Istio {facts.istio} with Seldon Core {facts.seldon}", f"must be {row.istio} or later"
        yield Problem("versions", got, f"{want} ({row.source})", f"upgrade Istio to {row.istio}")


def emissary_fits(facts: Versions) -> Iterator[Problem]:
    """Emissary needs a Kubernetes that is new enough, and has to serve the Mappings that Seldon writes."""
    yield from _ingress_runs("Emissary", facts.emissary, EMISSARY, facts.kubernetes)
    emissary = minor(facts.emissary)
    if emissary is not None and emissary < (3, 0):
        want = "must be 3 or later: Listener, Host and Module are getambassador.io/v3alpha1"
        yield Problem("versions", f"Emissary {facts.emissary}", want, "upgrade Emissary, its CRDs first")
    served = facts.mapping_versions
    if served is not None and MAPPING.partition("/")[2] not in served:
        got = f"Mapping is served as {', '.join(served) or 'nothing'}"
        want = f"must be served as v2 too: Seldon's operator writes {MAPPING}"
        fix = "install Emissary's CRDs with enableLegacyVersions=true (chart emissary-crds-chart)"
        yield Problem("versions", got, want, fix)


def crd_is_served(facts: Versions) -> Iterator[Problem]:
    """The API server has to serve the version that is written."""
    served = facts.crd_versions
    if served is not None and CRD_VERSION not in served:
        got, want = f"SeldonDeployment is served as {', '.join(served) or 'nothing'}", f"must be as {CRD_VERSION}"
        yield Problem("versions", got, want, "upgrade Seldon Core's CRD: SeldonCore() installs it with the operator")


def operator_is_the_charts(facts: Versions) -> Iterator[Problem]:
    """CRD, webhook and operator are of one release."""
    chart, operator = minor(facts.seldon), minor(facts.operator)
    if chart is not None and operator is not None and chart != operator:
        got = f"operator {facts.operator} with CRD and chart {facts.seldon}"
        fix = f"install one of them anew: helm upgrade seldon-core --version {facts.seldon}"
        yield Problem("versions", got, "must be of one release", fix)


def licence_is_accepted(facts: Versions) -> Iterator[Problem]:
    """A release under BSL-1.1 runs only where somebody accepted its terms."""
    row = seldon_release(facts.seldon)
    if row is not None and facts.licence is not None and row.licence == "BSL-1.1" != facts.licence:
        got = f"Seldon Core {facts.seldon} is under BSL-1.1, whose use in production has to be paid for"
        fix = "write licence='BSL-1.1' in SeldonCore if you have one, or go back to 1.17.1"
        yield Problem("versions", got, "must be a licence that the stack accepts", fix)


def _ingress_runs(
    name: str, version: str | None, rows: tuple[IngressRelease, ...], on: str | None
) -> Iterator[Problem]:
    found, kubernetes = minor(version), minor(on)
    known = [row for row in rows if found is not None and numbers(row.version) <= found]
    if known and kubernetes is not None and kubernetes < numbers(known[-1].kubernetes):
        row = known[-1]
        got, want = f"Kubernetes {dotted(kubernetes)} with {name} {version}", f"must be {row.kubernetes} or later"
        fix = f"upgrade Kubernetes to {row.kubernetes}, or take an older {name}"
        yield Problem("versions", got, f"{want} ({row.source})", fix)


def _kubernetes_first(now: Versions, wanted: Versions) -> bool:
    """Whether the new parts would not run on the Kubernetes that is there."""
    parts = {field.name: getattr(wanted, field.name) for field in fields(Versions)}
    on_old = {problem.got for problem in problems(Versions(**{**parts, "kubernetes": now.kubernetes}))}
    return any(got.startswith("Kubernetes ") for got in on_old)


def _kubernetes_steps(now: str | None, wanted: str | None) -> list[str]:
    old, new = minor(now), minor(wanted)
    if old is None or new is None or old >= new:
        return []
    return [f"Kubernetes to {old[0]}.{number}" for number in range(old[1] + 1, new[1] + 1)]


def _step(what: str, now: str | None, wanted: str | None) -> list[str]:
    return [f"{what}: {now or 'none'} to {wanted}"] if wanted is not None and wanted != now else []


RULES = (
    seldon_runs_on_kubernetes,
    istio_fits,
    emissary_fits,
    crd_is_served,
    operator_is_the_charts,
    licence_is_accepted,
)
