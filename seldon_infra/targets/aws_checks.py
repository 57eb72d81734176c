"""Holds a cluster that the stack makes to its account as it is now, before anything is changed; also in a preview.

AWS that cannot be asked keeps nobody from a preview: what is not checked is said in one line. Credentials of another
account than the stack's are refused whatever else is checked: nothing of this stack belongs there.
"""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pulumi

from seldon_infra.clusters.facts import Skipped
from seldon_infra.core.model import title
from seldon_infra.eks import render
from seldon_infra.eks.aws.check import check_aws, skipped_in_words
from seldon_infra.eks.aws.rules.account import wrong_account
from seldon_infra.eks.aws.survey import caller, survey
from seldon_infra.eks.cis import in_words
from seldon_infra.eks.component import TYPE
from seldon_infra.eks.cost import bill as bills
from seldon_infra.eks.cost.products import Product
from seldon_infra.resources.aws_eks_nodegroup import EKS_NODEGROUP
from seldon_infra.targets.aws_prices import Prices, prices
from seldon_infra.targets.subject import Subject, tell

if TYPE_CHECKING:
    from seldon_infra.eks.spec import EksCluster
    from seldon_infra.targets.spec import LiveChecks


def require_room(cluster: EksCluster, checks: LiveChecks, opts: pulumi.ResourceOptions | None = None) -> None:
    """Ask AWS, and say what does not fit on the resource that it concerns.

    Args:
        cluster: what is declared; it breaks no rule that needs no AWS.
        checks: what becomes of what does not fit.
        opts: of the cluster's component.

    Raises:
        pulumi.RunError: the credentials are of another account, or something certainly fails; nothing has been
            declared yet.
    """
    if checks != "skip" and (open_controls := in_words(cluster)):
        pulumi.log.info(open_controls, _subject(None, cluster, opts))
    if checks == "skip" and cluster.account is None:
        return
    who = caller(cluster.region)
    if isinstance(who, Skipped):
        pulumi.log.info(f"checks of AWS in {cluster.region} are skipped, all of them: {who.reason}")
        return
    if problem := wrong_account(title(cluster), cluster.account, who):
        raise pulumi.RunError(f"{problem}\nnothing was changed")
    if checks == "skip":
        return
    with ThreadPoolExecutor(2) as at_once:
        asked = at_once.submit(survey, cluster, who, lambda text: pulumi.log.info(text, ephemeral=True))
        priced = at_once.submit(prices, _products(cluster))
    facts = asked.result()
    if line := skipped_in_words(facts):
        pulumi.log.info(line)
    pulumi.log.info(cost_in_words(cluster, priced.result(), facts.extended_versions), _subject(None, cluster, opts))
    findings = check_aws(cluster, facts)
    tell(findings, checks, lambda it: _subject(it.group, cluster, opts), "with AWS as it is now")


def cost_in_words(cluster: EksCluster, known: Prices, extended: Collection[str] | None) -> str:
    """Say in one line what a cluster costs.

    Args:
        cluster: what is declared.
        known: prices, and what is to be said about them.
        extended: Kubernetes versions that have extended support alone; None where nobody could ask.
    """
    if not known.book:
        return f"{title(cluster)}: what it costs is not known: {'; '.join(known.notes)}"
    billed = bills.bill(bills.lines(_things(cluster), extended), known.book)
    return f"{title(cluster)} costs {bills.in_words(billed)}; {'; '.join(known.notes)}"


def _products(cluster: EksCluster) -> set[Product]:
    """What a price is wanted of; whether the version is an old one is asked meanwhile."""
    return {*bills.products(bills.lines(_things(cluster))), Product(cluster.region, "extended_support")}


def _things(cluster: EksCluster) -> list[bills.Thing]:
    return [bills.Thing(part.kind, part.name, part.inputs) for part in render.cluster(cluster).all]


def _subject(group: str | None, cluster: EksCluster, opts: pulumi.ResourceOptions | None) -> Subject:
    urn = pulumi.create_urn(cluster.name, TYPE, parent=opts.parent if opts else None)
    if group is not None:
        urn = pulumi.create_urn(group, EKS_NODEGROUP.token, parent=urn)
    return Subject(pulumi.Output.from_input(urn))
