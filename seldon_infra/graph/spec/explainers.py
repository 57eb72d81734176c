"""How a predictor's answers are explained: a type for each method, with its options.

An option that a definition gives must be the one that the explainer was fitted with; a method by its name alone leaves
that to the fit. Options are those of alibi 0.9.4 (``alibi/explainers``), shap 0.51.0 and lime 0.2.0.1.
"""

# Annotations are evaluated as they stand: as text, pydantic would compile each one again at import.

from typing import ClassVar, Literal, TypeAlias

from seldon_infra.core.model import Many, Spec

ExplainerType: TypeAlias = Literal[
    "AnchorTabular",
    "AnchorImages",
    "AnchorText",
    "Counterfactuals",
    "Contrastive",
    "KernelShap",
    "IntegratedGradients",
    "ALE",
    "TreeShap",
    "SHAP",
    "LIME",
]
"""Methods by name: those of Seldon's operator, and two that it has no name for."""
DataKind: TypeAlias = Literal["tabular", "text", "image"]
"""What a row is."""


class ExplainerMethod(Spec):
    """A method with its options; use one of its kinds: ``AnchorTabular()``, ``TreeShap()``, ``LIME()``."""

    alternatives: ClassVar[str] = "kind such as AnchorTabular, KernelShap, TreeShap, SHAP or LIME"
    server: ClassVar[str] = ""
    """Folder of ``servers/`` that runs it."""
    on_clusters: ClassVar[str] = ""
    """Its name in Seldon's CRD. The operator has none for SHAP and LIME: there it is only what makes the path."""
    data: ClassVar[DataKind] = "tabular"
    """What it explains."""
    needs_model: ClassVar[bool] = False
    """Whether it looks into the model's own file."""


class _Anchors(ExplainerMethod):
    """Options of all anchors. Source: alibi's ``AnchorTabular.explain``."""

    alternatives: ClassVar[str] = "kind such as AnchorTabular, AnchorText or AnchorImages"
    server: ClassVar[str] = "alibi"

    threshold: float = 0.95
    """Least share of rows with the anchor that must get the same answer. Default: 0.95."""
    delta: float = 0.1
    """How sure of that it must be: 1 - ``delta``. Default: 0.1."""
    tau: float = 0.15
    """Margin of that share; a larger one is found sooner. Default: 0.15."""
    batch_size: int = 100
    """Rows of one question to the predictor. Default: 100."""
    beam_size: int = 1
    """Candidates that are followed at once. Default: 1."""
    coverage_samples: int = 10_000
    """Rows by which coverage is estimated. Default: 10000."""
    seed: int = 0
    """Of what is drawn. Default: 0."""


class AnchorTabular(_Anchors):
    """Conditions on a row's features that hold its answer where it is, whatever the others are."""

    on_clusters: ClassVar[str] = "AnchorTabular"

    kind: Literal["AnchorTabular"] = "AnchorTabular"
    """Tells methods apart in data. Always ``AnchorTabular``."""
    percentiles: Many[int] = (25, 50, 75)
    """Where numbers are cut into ranges, in percent of the reference rows. Default: quarters."""


class AnchorText(_Anchors):
    """Words that hold a text's answer where it is; the others are hidden, which needs no model of language."""

    on_clusters: ClassVar[str] = "AnchorText"
    data: ClassVar[DataKind] = "text"

    kind: Literal["AnchorText"] = "AnchorText"
    """Tells methods apart in data. Always ``AnchorText``."""


class AnchorImages(_Anchors):
    """Parts of an image that hold its answer where it is, whatever reference images show in the place of the others."""

    on_clusters: ClassVar[str] = "AnchorImages"
    data: ClassVar[DataKind] = "image"

    kind: Literal["AnchorImages"] = "AnchorImages"
    """Tells methods apart in data. Always ``AnchorImages``."""
    shape: Many[int]
    """Height, width and channels of an image, whose numbers a row holds one after the other: ``(8, 8, 1)``."""
    segments: int = 15
    """About how many parts an image is cut into. Default: 15."""
    compactness: float = 20.0
    """How square the parts are rather than of one colour. Default: 20."""


class KernelShap(ExplainerMethod):
    """Shapley values of whatever answers, estimated from weighted samples. Source: alibi's ``KernelShap``."""

    server: ClassVar[str] = "alibi"
    on_clusters: ClassVar[str] = "KernelShap"

    kind: Literal["KernelShap"] = "KernelShap"
    """Tells methods apart in data. Always ``KernelShap``."""
    link: Literal["identity", "logit"] = "identity"
    """In which terms answers add up: as they are, or probabilities as their log-odds. Default: ``identity``."""
    background: int = 100
    """Reference rows that stand for a feature that is not known. Default: 100."""
    samples: int | None = None
    """Combinations of features that are asked for. Default: SHAP's own, 2048 and twice the features."""
    seed: int = 0
    """Of what is drawn. Default: 0."""


class TreeShap(ExplainerMethod):
    """Shapley values of a model of trees, exact and fast, from its own file. Source: alibi's ``TreeShap``."""

    server: ClassVar[str] = "alibi"
    on_clusters: ClassVar[str] = "TreeShap"
    needs_model: ClassVar[bool] = True

    kind: Literal["TreeShap"] = "TreeShap"
    """Tells methods apart in data. Always ``TreeShap``."""
    output: Literal["raw", "probability"] = "raw"
    """What is explained: the trees' own number, or the probability, which needs ``background``. Default: ``raw``."""
    background: int = 0
    """Reference rows that stand for a feature that is not known; 0 takes what the trees themselves have seen. Default:
    0."""


class ALE(ExplainerMethod):
    """How the answer moves with each feature over all reference rows. Source: alibi's ``ALE``."""

    server: ClassVar[str] = "alibi"
    on_clusters: ClassVar[str] = "ALE"

    kind: Literal["ALE"] = "ALE"
    """Tells methods apart in data. Always ``ALE``."""
    min_bin_points: int = 4
    """Least reference rows in each part of a feature's range. Default: 4."""


class IntegratedGradients(ExplainerMethod):
    """What each number adds on the way from a baseline, by a network's gradients. Source: alibi's
    ``IntegratedGradients``."""

    server: ClassVar[str] = "alibi-tensorflow"
    on_clusters: ClassVar[str] = "IntegratedGradients"
    needs_model: ClassVar[bool] = True

    kind: Literal["IntegratedGradients"] = "IntegratedGradients"
    """Tells methods apart in data. Always ``IntegratedGradients``."""
    n_steps: int = 50
    """Steps on the way from the baseline. Default: 50."""
    baseline: Literal["zeros", "mean"] = "zeros"
    """Where the way begins: all numbers zero, as a black image, or the mean of the reference rows. Default: zeros."""


class _Searches(ExplainerMethod):
    """Options of what looks for another row, with each feature measured by how far it spreads in the reference rows.
    Source: alibi's ``CounterfactualProto`` and ``CEM``."""

    alternatives: ClassVar[str] = "kind such as Counterfactuals or Contrastive"
    server: ClassVar[str] = "alibi-tensorflow"

    max_iterations: int = 300
    """Steps of a search; each asks the predictor five times. Default: 300."""
    c_steps: int = 3
    """Searches, between which the weight of another answer is adapted. Default: 3."""
    beta: float = 0.1
    """How strongly features are kept as they are. Default: 0.1."""
    eps: float = 0.01
    """How far a feature is moved to see how the answer follows; trees, which answer in steps, need more, such as 0.05.
    Default: 0.01."""


class Counterfactuals(_Searches):
    """The nearest row with another answer. Source: alibi's ``CounterfactualProto``."""

    on_clusters: ClassVar[str] = "Counterfactuals"

    kind: Literal["Counterfactuals"] = "Counterfactuals"
    """Tells methods apart in data. Always ``Counterfactuals``."""
    c_init: float = 1.0
    """Weight of another answer in the first search. Default: 1."""
    theta: float = 10.0
    """How strongly reference rows with another answer lead the search. Default: 10."""


class Contrastive(_Searches):
    """What must be there, and what must not, for the answer to stay. Source: alibi's ``CEM``."""

    on_clusters: ClassVar[str] = "Contrastive"

    kind: Literal["Contrastive"] = "Contrastive"
    """Tells methods apart in data. Always ``Contrastive``."""
    mode: Literal["PN", "PP"] = "PN"
    """What is looked for: what must be absent (PN) or present (PP). Default: ``PN``."""
    c_init: float = 10.0
    """Weight of another answer in the first search. Default: 10."""
    kappa: float = 0.05
    """How far the answer must be ahead of the next one. Default: 0.05."""


class SHAP(ExplainerMethod):
    """Shapley values by one of SHAP's own algorithms. Source: ``shap.Explainer``, ``shap.TreeExplainer``."""

    server: ClassVar[str] = "shap"
    on_clusters: ClassVar[str] = "KernelShap"

    kind: Literal["SHAP"] = "SHAP"
    """Tells methods apart in data. Always ``SHAP``."""
    algorithm: Literal["permutation", "exact", "tree"] = "permutation"
    """How they are found: from the predictor's answers, all of them for ``exact``, or from the model's trees. Default:
    ``permutation``."""
    background: int = 100
    """Reference rows that stand for a feature that is not known; 0, for ``tree`` alone, takes what the trees have seen.
    Default: 100."""
    samples: int | None = None
    """Most questions to the predictor. Default: SHAP's own, 500 or as many as the features need."""
    seed: int = 0
    """Of what is drawn. Default: 0."""


class LIME(ExplainerMethod):
    """A linear model of the answers around a row. Source: ``lime.lime_tabular``."""

    server: ClassVar[str] = "lime"
    on_clusters: ClassVar[str] = "KernelShap"

    kind: Literal["LIME"] = "LIME"
    """Tells methods apart in data. Always ``LIME``."""
    features: int = 10
    """Most conditions of an explanation. Default: 10."""
    samples: int = 5000
    """Rows around the one that is explained, for which the predictor is asked. Default: 5000."""
    kernel_width: float | None = None
    """How far around it they count. Default: LIME's own, three quarters of the root of the number of features."""
    seed: int = 0
    """Of what is drawn. Default: 0."""


MethodClass: TypeAlias = type[ExplainerMethod]
METHODS: dict[str, MethodClass] = {
    each.__name__: each
    for each in (
        AnchorTabular, AnchorImages, AnchorText, Counterfactuals, Contrastive, KernelShap, IntegratedGradients, ALE,
        TreeShap, SHAP, LIME,
    )
}  # fmt: skip
"""Every method by its name."""


def looks_inside(method: ExplainerMethod) -> bool:
    """Tell whether a method reads the model's own file, and does not only ask for its answers."""
    return method.needs_model or (isinstance(method, SHAP) and method.algorithm == "tree")
