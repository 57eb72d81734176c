"""A Helm chart, as a stack names it."""

from typing import ClassVar

from seldon_infra.core.model import Later, Spec


class Chart(Spec):
    """Where a Helm chart comes from. Source: the arguments of ``helm install``."""

    noun: ClassVar[str] = "chart"

    name: str
    """Its name in ``repository``, an address such as ``oci://HOST/NAME``, or a folder's path: ``./charts/operator``."""
    repository: Later[str] | None = None
    """Address of its repository. Default: none, for an address or a folder."""
    version: str | None = None
    """Its version. Default: the folder's own; the newest of a repository."""
