"""Where models are kept: credentials for the stores that ``model_uri`` leads to.

A cluster fetches a model with Seldon's storage initializer, which is rclone. It knows a store by the scheme of the URI:
``s3://models/iris`` is the remote ``s3``, whose settings are the variables ``RCLONE_CONFIG_S3_*``.
"""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from collections.abc import Mapping
from typing import ClassVar, Literal, TypeAlias

from pydantic import Field

from seldon_infra.core.model import Later, Spec

S3Provider: TypeAlias = Literal["AWS", "Minio", "Ceph", "Cloudflare", "DigitalOcean", "IBMCOS", "Scaleway", "Other"]
"""Whose S3 it is: stores differ in details that rclone knows. Source: rclone's option --s3-provider."""


class S3Storage(Spec):
    """A store that speaks S3. Without keys, the pod's own identity counts (a role of its service account, say).

    Source: rclone's backend s3; https://docs.seldon.io, servers/overview, "Handling Credentials".
    """

    noun: ClassVar[str] = "S3Storage"

    scheme: str = "s3"
    """Scheme of the URIs that it is for: lower-case letters and digits. Default: ``s3``."""
    provider: S3Provider = "AWS"
    """Whose store it is. Default: ``AWS``."""
    access_key_id: Later[str] | None = None
    """Id of the access key. Default: none, the pod's own identity counts."""
    secret_access_key: Later[str] | None = Field(default=None, repr=False)
    """The access key; a secret in Pulumi's state whatever is given. Default: none."""
    session_token: Later[str] | None = Field(default=None, repr=False)
    """Token of temporary credentials; a secret too. Default: none."""
    region: Later[str] | None = None
    """Region. Default: rclone's, us-east-1 on AWS."""
    endpoint: Later[str] | None = None
    """Address of a store that is not AWS': ``http://minio.minio:9000``. Default: AWS' own."""


class GcsStorage(Spec):
    """Google Cloud Storage. Without a key, the pod's own identity counts (workload identity, say).

    Source: rclone's backend "google cloud storage".
    """

    noun: ClassVar[str] = "GcsStorage"

    scheme: str = "gs"
    """Scheme of the URIs that it is for: lower-case letters and digits. Default: ``gs``."""
    service_account_json: Later[str] | None = Field(default=None, repr=False)
    """Key file of a Google service account, its text; a secret in Pulumi's state whatever is given. Default: none."""
    anonymous: bool = False
    """Whether the buckets are public and nobody logs in. Default: False."""
    endpoint: Later[str] | None = None
    """Address of a store that is not Google's own, such as an emulator: ``http://127.0.0.1:4443``. This machine reads
    it; Seldon's storage initializer has no such setting. Default: Google's own."""


class AzureStorage(Spec):
    """Azure Blob Storage: ``azure://CONTAINER/PATH``. Source: rclone's backend azureblob."""

    noun: ClassVar[str] = "AzureStorage"

    scheme: str = "azure"
    """Scheme of the URIs that it is for: lower-case letters and digits. Default: ``azure``."""
    account: Later[str] | None = None
    """Name of the storage account. Default: the one in ``sas_url``."""
    key: Later[str] | None = Field(default=None, repr=False)
    """Key of the account; a secret in Pulumi's state whatever is given. Default: none."""
    sas_url: Later[str] | None = Field(default=None, repr=False)
    """URL with a shared access signature, instead of account and key; a secret too. Default: none."""
    endpoint: str | None = None
    """Address of an account that is not at ``https://ACCOUNT.blob.core.windows.net``: of another cloud of Azure's,
    ``https://ACCOUNT.blob.core.usgovcloudapi.net``, or of an emulator, ``http://azurite:10000/devstoreaccount1``.
    Default: the public cloud's, or the one in ``sas_url``."""
    managed_identity: bool = False
    """Whether the node's managed identity logs in. Default: False. Source: rclone's option use_msi."""


class HttpStorage(Spec):
    """A web server: ``https://HOST/…``; a folder is read by the links of its index page. Source: rclone's backend http.

    All URIs that it is for begin with ``url``, so that no other server is told the headers.
    """

    noun: ClassVar[str] = "HttpStorage"

    url: str
    """Server and folder below which models are: ``https://models.acme.io/``."""
    headers: Mapping[str, Later[str]] = Field(default={}, repr=False)
    """Headers of each request: ``{"Authorization": "Bearer …"}``; secrets in Pulumi's state. Default: none."""

    @property
    def scheme(self) -> str:
        """Scheme of the URIs that it is for."""
        return self.url.partition(":")[0]


class OciStorage(Spec):
    """A registry of images that has models: ``oci://REGISTRY/REPOSITORY:TAG``. Without credentials, as anybody.

    This machine reads it by itself. A cluster's nodes do so with the pull secrets of a ``ModelServer``'s pods.
    """

    noun: ClassVar[str] = "OciStorage"

    registry: str
    """The registry's host, and what else all its URIs begin with: ``ghcr.io/acme``. It may be of a private network."""
    username: Later[str] | None = None
    """Who reads. Default: anybody."""
    password: Later[str] | None = Field(default=None, repr=False)
    """Password or access token of ``username``; a secret in Pulumi's state whatever is given. Default: none."""
    token: Later[str] | None = Field(default=None, repr=False)
    """Token that is sent as it is, instead of a name and a password; a secret too. Default: none."""

    @property
    def scheme(self) -> str:
        """Scheme of the URIs that it is for."""
        return "oci"


class MlflowStorage(Spec):
    """A registry of MLflow: ``models:/NAME/VERSION`` or ``models:/NAME@ALIAS``.

    It is asked in a preview, by this machine; pods of a cluster are told where the files are, and fetch them there.
    """

    noun: ClassVar[str] = "MlflowStorage"

    tracking_uri: str
    """Where the registry answers: ``https://mlflow.acme.io``. It may be of a private network."""
    token: Later[str] | None = Field(default=None, repr=False)
    """Token of whoever reads; a secret in Pulumi's state whatever is given. Default: none."""
    username: Later[str] | None = None
    """Who reads, instead of a token. Default: none."""
    password: Later[str] | None = Field(default=None, repr=False)
    """Password of ``username``; a secret too. Default: none."""
    artifacts: S3Storage | GcsStorage | None = None
    """Credentials for the store in which it keeps files that its server does not hand out. Default: those of your
    environment here, and on a cluster those of another storage for that store."""

    @property
    def scheme(self) -> str:
        """Scheme of the URIs that it is for."""
        return "models"


Storage: TypeAlias = S3Storage | GcsStorage | AzureStorage | HttpStorage | OciStorage | MlflowStorage
"""Credentials for a store of models."""
