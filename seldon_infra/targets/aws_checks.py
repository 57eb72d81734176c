"""Holds a cluster that the stack makes to its account as it is now, before anything is changed; also in a preview.

The questions go out as soon as the cluster is known, and are waited for where their answers are needed: meanwhile the
program loads what it declares with.

AWS that cannot be asked keeps nobody from a preview: what is not checked is said in one line. Credentials of another
account than the stack's are refused whatever else is checked: nothing of this stack belongs there.
"""

from __future__ import annotations

import threading
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import TYPE_CHECKING

import pulumi

from seldon_infra.clusters.facts import Skipped
from seldon_infra.core.model import title
from seldon_infra.eks import render
from seldon_infra.eks.aws.check import check_aws, skipped_in_words
from seldon_infra.eks.aws.facts import AwsFacts, Caller
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


@dataclass(frozen=True)
class Known:
    """What AWS says of an account, as far as it is wanted."""

    who: Caller | Skipped
    facts: AwsFacts | None = None
    """None where nothing was asked but who asks: that said enough, or no more is wanted."""
    prices: Prices = field(default_factory=lambda: Prices({}))


@dataclass(frozen=True)
class Asking:
    """Questions to AWS that are under way while the program does something else."""

    cluster: EksCluster
    checks: LiveChecks
    answers: SimpleQueue[Known | Exception]

    def known(self) -> Known:
        """What AWS says, once it has."""
        found = self.answers.get()
        if isinstance(found, Exception):
            raise found
        return found


def begin(cluster: EksCluster, checks: LiveChecks) -> Asking | None:
    """Begin to ask AWS what `require_room` will want to know; None where that is nothing.

    Args:
        cluster: what is declared; it breaks no rule that needs no AWS.
        checks: what becomes of what does not fit.
    """
    if checks == "skip" and cluster.account is None:
        return None
    asking = Asking(cluster, checks, SimpleQueue())
    # A daemon: a program that ends with an error meanwhile does not wait for AWS.
    threading.Thread(target=_answer, args=(asking,), daemon=True).start()
    return asking


def _answer(asking: Asking) -> None:
    try:
        asking.answers.put(_ask(asking.cluster, asking.checks))
    except Exception as error:
        asking.answers.put(error)


def _ask(cluster: EksCluster, checks: LiveChecks) -> Known:
    """Ask who asks, and the rest where that is who should: of another account nothing is worth knowing."""
    who = caller(cluster.region)
    if checks == "skip" or isinstance(who, Skipped) or wrong_account(title(cluster), cluster.account, who):
        return Known(who)
    with ThreadPoolExecutor(1) as at_once:
        priced = at_once.submit(prices, _products(cluster))
        facts = survey(cluster, who)
    return Known(who, facts, priced.result())


def require_room(
    cluster: EksCluster, checks: LiveChecks, asking: Asking | None, opts: pulumi.ResourceOptions | None = None
) -> None:
    """Wait for what AWS says, and say what does not fit on the resource that it concerns.

    Args:
        cluster: what is declared; it breaks no rule that needs no AWS.
        checks: what becomes of what does not fit.
        asking: what `begin` gave.
        opts: of the cluster's component.

    Raises:
        pulumi.RunError: the credentials are of another account, or something certainly fails; nothing has been
            declared yet.
    """
    if checks != "skip" and (open_controls := in_words(cluster)):
        pulumi.log.info(open_controls, _subject(None, cluster, opts))
    if asking is None:
        return
    pulumi.log.info(f"asking AWS in {cluster.region} whether {title(cluster)} can be made", ephemeral=True)
    known = asking.known()
    if isinstance(known.who, Skipped):
        pulumi.log.info(f"checks of AWS in {cluster.region} are skipped, all of them: {known.who.reason}")
        return
    if problem := wrong_account(title(cluster), cluster.account, known.who):
        raise pulumi.RunError(f"{problem}\nnothing was changed")
    if known.facts is None:
        return
    if line := skipped_in_words(known.facts):
        pulumi.log.info(line)
    cost = cost_in_words(cluster, known.prices, known.facts.extended_versions)
    pulumi.log.info(cost, _subject(None, cluster, opts))
    findings = check_aws(cluster, known.facts)
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
