"""``seldon:aws:OidcProvider``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from seldon_infra.provider.aws import tags as marking
from seldon_infra.provider.aws.api import Answer, Api
from seldon_infra.provider.aws.thing import Thing
from seldon_infra.provider.aws.trouble import AwsError
from seldon_infra.provider.framework import Failed, Instance
from seldon_infra.resources.aws_oidc_provider import OIDC_PROVIDER, OidcProviderInputs, OidcProviderOutputs

_NOT_YET = ("NoSuchEntity",)


class OidcProvider(Thing[OidcProviderInputs, OidcProviderOutputs]):
    """Whose word an account takes about who somebody is."""

    type = OIDC_PROVIDER
    replace_on = frozenset({"url"})
    unordered = frozenset({"client_ids", "thumbprints"})
    service = "iam"

    def make(self, api: Api, inputs: OidcProviderInputs, tags: Mapping[str, str]) -> str:
        """Make it; an account has one for an issuer, and what another made is not taken over in silence."""
        thumbprints = {"ThumbprintList": inputs.thumbprints} if inputs.thumbprints else {}
        try:
            made = api.call(
                "iam",
                "create_open_id_connect_provider",
                Url=inputs.url,
                ClientIDList=inputs.client_ids,
                Tags=marking.pairs(tags),
                **thumbprints,
            )
        except AwsError as error:
            if error.says("EntityAlreadyExists"):
                raise Failed(
                    f"the account has an OIDC provider for {inputs.url} that this stack has not made: "
                    f"import it by {api.region}/ and its ARN, or remove it"
                ) from None
            raise
        return str(made["OpenIDConnectProviderArn"])

    def shape(self, api: Api, id: str, now: OidcProviderInputs, wanted: OidcProviderInputs) -> None:
        """Change audiences one by one, thumbprints at once."""
        for client in set(wanted.client_ids) - set(now.client_ids):
            _put(api, "add_client_id_to_open_id_connect_provider", id, ClientID=client)
        for client in set(now.client_ids) - set(wanted.client_ids):
            _put(api, "remove_client_id_from_open_id_connect_provider", id, ClientID=client)
        if wanted.thumbprints and now.thumbprints != wanted.thumbprints:
            _put(api, "update_open_id_connect_provider_thumbprint", id, ThumbprintList=wanted.thumbprints)

    def inputs_of(self, api: Api, seen: Answer, declared: OidcProviderInputs | None) -> OidcProviderInputs:
        """What is described; thumbprints that the program leaves to AWS are not told."""
        left_open = declared is not None and declared.thumbprints is None
        return OidcProviderInputs(
            region=declared.region if declared else api.region,
            tags=marking.of_the_user(self.tags_of(api, seen)),
            url=f"https://{seen['Url'].removeprefix('https://')}",
            client_ids=seen.get("ClientIDList", []),
            thumbprints=None if left_open else seen.get("ThumbprintList", []),
        )

    def outputs_of(self, api: Api, seen: Answer, inputs: OidcProviderInputs) -> OidcProviderOutputs:
        """Its ARN, and the issuer as conditions name it."""
        return OidcProviderOutputs(**dict(inputs), arn=seen["Arn"], issuer=inputs.url.removeprefix("https://"))

    def remove(self, api: Api, id: str, last: Instance[OidcProviderInputs, OidcProviderOutputs]) -> None:
        """Remove it; nothing can keep it."""
        api.drop("iam", "delete_open_id_connect_provider", OpenIDConnectProviderArn=id)

    # How IAM is asked

    def describe(self, api: Api, id: str) -> Answer | None:
        """It with its tags and its ARN."""
        found = api.look("iam", "get_open_id_connect_provider", OpenIDConnectProviderArn=id)
        return None if found is None else {**found, "Arn": id}

    def marked(self, api: Api, inputs: OidcProviderInputs) -> Iterable[Answer]:
        """The one for this issuer: there can be no other of this declaration that matters."""
        end = f":oidc-provider/{inputs.url.removeprefix('https://')}"
        listed = api.ask("iam", "list_open_id_connect_providers")["OpenIDConnectProviderList"]
        return [seen for it in listed if it["Arn"].endswith(end) and (seen := self.describe(api, it["Arn"]))]

    def id_of(self, seen: Answer) -> str:
        """Its ARN."""
        return str(seen["Arn"])

    def tags_of(self, api: Api, seen: Answer) -> Mapping[str, str]:
        """The tags, which stand in the description."""
        return marking.from_pairs(seen.get("Tags", ()))

    def tag(self, api: Api, id: str, tags: Mapping[str, str]) -> None:
        """Set tags."""
        _put(api, "tag_open_id_connect_provider", id, Tags=marking.pairs(tags))

    def untag(self, api: Api, id: str, keys: Sequence[str]) -> None:
        """Take tags away."""
        _put(api, "untag_open_id_connect_provider", id, TagKeys=list(keys))


def _put(api: Api, operation: str, id: str, **parameters: object) -> None:
    api.call("iam", operation, eventually=_NOT_YET, OpenIDConnectProviderArn=id, **parameters)
