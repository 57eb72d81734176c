"""As many resources as stack `local` declares, which take nothing and give nothing: each waits for the one before.

What types are written in is loaded, and no type is written.
"""

import pulumi
from pydantic import BaseModel, Field  # noqa: F401  (what loads the rest of it)


class Group(pulumi.ComponentResource):
    """What the resources are children of."""

    def __init__(self) -> None:
        super().__init__("nothing:index:Group", "group")
        self.register_outputs({})


group = Group()
before: list[pulumi.Resource] = []
for number in range(13):
    options = pulumi.ResourceOptions(parent=group, depends_on=before)
    before = [pulumi.CustomResource("nothing:index:Thing", f"thing-{number}", {}, options)]
