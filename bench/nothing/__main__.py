"""As many resources as stack `local` declares, which take nothing and give nothing."""

import pulumi


class Group(pulumi.ComponentResource):
    """What the resources are children of."""

    def __init__(self) -> None:
        super().__init__("nothing:index:Group", "group")
        self.register_outputs({})


group = pulumi.ResourceOptions(parent=Group())
for number in range(12):
    pulumi.CustomResource("nothing:index:Thing", f"thing-{number}", {}, group)
