"""Typed stacks that put machine-learning models into production.

Every public name is here and resolves on first use, so that importing the package loads nothing heavy; what describes
Triton's models in detail is in ``seldon_infra.triton``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seldon_infra.artifacts.spec import (
        AzureStorage,
        GcsStorage,
        HttpStorage,
        MlflowStorage,
        OciStorage,
        S3Storage,
        Storage,
    )
    from seldon_infra.charts.spec import (
        Chart,
    )
    from seldon_infra.core.errors import (
        InvalidSpec,
        SeldonInfraError,
    )
    from seldon_infra.core.model import (
        Json,
        JsonObject,
        Later,
        Spec,
    )
    from seldon_infra.core.problems import Problem
    from seldon_infra.eks.gpu_software.spec import (
        CapacityType,
        ClusterAutoscaler,
        DcgmExporter,
        DevicePlugin,
        GpuOperator,
        GpuSoftware,
        Karpenter,
        Mig,
        Mps,
        NodePool,
        Sharing,
        TimeSlicing,
    )
    from seldon_infra.eks.spec import (
        AccessEntry,
        AccessLevel,
        Addon,
        AmiType,
        Capacity,
        ControlPlaneLog,
        ControlPlaneTier,
        EksCluster,
        ExistingCluster,
        ExistingNetwork,
        GpuNodes,
        NatGateways,
        Network,
        NewVpc,
        NodeCondition,
        NodeGroup,
        NodePreference,
        NodeRepair,
        PodIdentity,
        RepairAction,
        RepairOverride,
        Scaling,
        Scheduling,
        ServiceAccountRole,
        Taint,
        TaintEffect,
        UpdateStrategy,
        UpgradePolicy,
    )
    from seldon_infra.experiments.rollout import (
        AccuracyGate,
        DifferenceGate,
        ErrorGate,
        LatencyGate,
        MirrorGate,
        Rollout,
        SmokeGate,
    )
    from seldon_infra.experiments.spec import (
        ByField,
        ByHeader,
        ErrorRate,
        Guardrail,
        LatencyQuantile,
        OutcomeMean,
        OutcomeRate,
    )
    from seldon_infra.graph.check import check
    from seldon_infra.graph.spec import (
        ALE,
        LIME,
        SHAP,
        ABTest,
        Alerts,
        AmbassadorRoute,
        Amounts,
        AnchorImages,
        AnchorTabular,
        AnchorText,
        AverageCombiner,
        BuiltIn,
        BuiltInName,
        CircuitBreakers,
        Combiner,
        ConfigMapKey,
        ContainerAmount,
        ContainerMetric,
        ContainerSecurity,
        Contrastive,
        Counterfactuals,
        Endpoint,
        EnvVar,
        Explainer,
        ExplainerMethod,
        ExplainerType,
        ExternalMetric,
        Hpa,
        IntegratedGradients,
        IstioRoute,
        Keda,
        KedaFallback,
        KedaTrigger,
        KernelShap,
        Logger,
        LogMode,
        Method,
        MetricTarget,
        Model,
        NetworkPolicy,
        Node,
        ObjectMetric,
        Orchestrator,
        OutputTransformer,
        Parameter,
        ParameterType,
        PayloadTopic,
        Pdb,
        Pod,
        PodDefaults,
        PodField,
        PodSecurity,
        PodsMetric,
        PodTemplate,
        Predictor,
        QueueTime,
        RandomAbTest,
        RequestLogQueue,
        ResourceMetric,
        Resources,
        Router,
        SecretKey,
        SeldonDeployment,
        ServerType,
        ServiceAccount,
        SimpleModel,
        SimpleRouter,
        Slo,
        Ssl,
        StickySession,
        Timeouts,
        Transformer,
        TreeShap,
    )
    from seldon_infra.ingress.spec import (
        Ambassador,
        Ejection,
        ExternalAuth,
        IngressTimeouts,
        Istio,
        RateLimit,
        Retries,
        Tls,
        TlsMode,
    )
    from seldon_infra.model_server.spec import ModelServer, ServiceMonitor
    from seldon_infra.monitoring.spec import Monitoring, PrometheusStack
    from seldon_infra.payload_log.spec import (
        KafkaLogin,
        KafkaTls,
        LoginMechanism,
        PayloadFiles,
        PayloadKafka,
        PayloadLog,
        PayloadVolume,
    )
    from seldon_infra.seldon_core.spec import (
        Executor,
        LogLevel,
        OperatorProcess,
        RequestLogger,
        SeldonCore,
        ServerImage,
        StorageInitializer,
        WebhookCertificate,
    )
    from seldon_infra.servers.bandits import (
        EpsilonGreedy,
        ThompsonSampling,
    )
    from seldon_infra.servers.detectors import (
        DriftDetector,
        OutlierDetector,
    )
    from seldon_infra.servers.signature import (
        Signature,
        TensorSpec,
    )
    from seldon_infra.servers.spec import (
        CatalogueServer,
        ContainerServer,
        DynamicBatching,
        HuggingFaceServer,
        ImageBuild,
        InstanceGroup,
        Licence,
        LightGBMServer,
        MLflowServer,
        MLServerRuntime,
        NodeType,
        OnnxServer,
        Protocol,
        PythonServer,
        Server,
        SklearnServer,
        TempoServer,
        Tensor,
        TensorFlowServer,
        TorchServeServer,
        Transport,
        TritonModel,
        TritonServer,
        XGBoostServer,
    )
    from seldon_infra.servers.triton.text import config_pbtxt
    from seldon_infra.settings import (
        config,
        secret,
    )
    from seldon_infra.stack import (
        Stack,
        run,
    )
    from seldon_infra.targets.spec import (
        Kubernetes,
        Local,
    )
    from seldon_infra.tracing.spec import Tracing

_HOMES = {
    "seldon_infra.artifacts.spec": "AzureStorage GcsStorage HttpStorage MlflowStorage OciStorage S3Storage Storage",
    "seldon_infra.charts.spec": "Chart",
    "seldon_infra.core.errors": "InvalidSpec SeldonInfraError",
    "seldon_infra.core.model": "Json JsonObject Later Spec",
    "seldon_infra.core.problems": "Problem",
    "seldon_infra.eks.gpu_software.spec": (
        "CapacityType ClusterAutoscaler DcgmExporter DevicePlugin GpuOperator GpuSoftware Karpenter Mig Mps NodePool "
        "Sharing TimeSlicing"
    ),
    "seldon_infra.eks.spec": (
        "AccessEntry AccessLevel Addon AmiType Capacity ControlPlaneLog ControlPlaneTier EksCluster ExistingCluster "
        "ExistingNetwork GpuNodes NatGateways Network NewVpc NodeCondition NodeGroup NodePreference NodeRepair "
        "PodIdentity RepairAction RepairOverride Scaling Scheduling ServiceAccountRole Taint TaintEffect "
        "UpdateStrategy UpgradePolicy"
    ),
    "seldon_infra.experiments.rollout": (
        "AccuracyGate DifferenceGate ErrorGate LatencyGate MirrorGate Rollout SmokeGate"
    ),
    "seldon_infra.experiments.spec": ("ByField ByHeader ErrorRate Guardrail LatencyQuantile OutcomeMean OutcomeRate"),
    "seldon_infra.graph.check": "check",
    "seldon_infra.graph.spec": (
        "ABTest ALE Alerts AmbassadorRoute Amounts AnchorImages AnchorTabular AnchorText AverageCombiner BuiltIn "
        "BuiltInName CircuitBreakers Combiner ConfigMapKey ContainerAmount ContainerMetric ContainerSecurity "
        "Contrastive Counterfactuals Endpoint EnvVar Explainer ExplainerMethod ExplainerType ExternalMetric Hpa "
        "IntegratedGradients IstioRoute Keda KedaFallback KedaTrigger KernelShap LIME LogMode Logger Method "
        "MetricTarget Model NetworkPolicy Node ObjectMetric Orchestrator OutputTransformer Parameter ParameterType "
        "PayloadTopic Pdb Pod PodDefaults PodField PodSecurity PodTemplate PodsMetric Predictor QueueTime "
        "RandomAbTest RequestLogQueue ResourceMetric Resources Router SHAP SecretKey SeldonDeployment ServerType "
        "ServiceAccount SimpleModel SimpleRouter Slo Ssl StickySession Timeouts Transformer TreeShap"
    ),
    "seldon_infra.ingress.spec": "Ambassador Ejection ExternalAuth IngressTimeouts Istio RateLimit Retries Tls TlsMode",
    "seldon_infra.model_server.spec": "ModelServer ServiceMonitor",
    "seldon_infra.monitoring.spec": "Monitoring PrometheusStack",
    "seldon_infra.seldon_core.spec": (
        "Executor LogLevel OperatorProcess RequestLogger SeldonCore ServerImage StorageInitializer WebhookCertificate"
    ),
    "seldon_infra.servers.detectors": "DriftDetector OutlierDetector",
    "seldon_infra.servers.bandits": "EpsilonGreedy ThompsonSampling",
    "seldon_infra.servers.signature": "Signature TensorSpec",
    "seldon_infra.servers.spec": (
        "CatalogueServer ContainerServer DynamicBatching HuggingFaceServer ImageBuild InstanceGroup Licence "
        "LightGBMServer MLServerRuntime MLflowServer NodeType OnnxServer Protocol PythonServer Server SklearnServer "
        "TempoServer Tensor TensorFlowServer TorchServeServer Transport TritonModel TritonServer XGBoostServer"
    ),
    "seldon_infra.servers.triton.text": "config_pbtxt",
    "seldon_infra.settings": "config secret",
    "seldon_infra.stack": "Stack run",
    "seldon_infra.payload_log.spec": (
        "KafkaLogin KafkaTls LoginMechanism PayloadFiles PayloadKafka PayloadLog PayloadVolume"
    ),
    "seldon_infra.targets.spec": "Kubernetes Local",
    "seldon_infra.tracing.spec": "Tracing",
}
_HOME = {name: module for module, names in _HOMES.items() for name in names.split()}

__all__ = [
    "ALE", "LIME", "SHAP", "ABTest", "AccessEntry", "AccessLevel", "AccuracyGate", "Addon", "Alerts", "Ambassador",
    "AmbassadorRoute", "AmiType", "Amounts", "AnchorImages", "AnchorTabular", "AnchorText", "AverageCombiner",
    "AzureStorage", "BuiltIn", "BuiltInName", "ByField", "ByHeader", "Capacity", "CapacityType", "CatalogueServer",
    "Chart", "CircuitBreakers", "ClusterAutoscaler", "Combiner", "ConfigMapKey", "ContainerAmount", "ContainerMetric",
    "ContainerSecurity", "ContainerServer", "Contrastive", "ControlPlaneLog", "ControlPlaneTier", "Counterfactuals",
    "DcgmExporter",
    "DevicePlugin", "DifferenceGate", "DriftDetector", "DynamicBatching", "Ejection", "EksCluster", "Endpoint",
    "EnvVar", "EpsilonGreedy", "ErrorGate", "ErrorRate", "Executor", "ExistingCluster", "ExistingNetwork", "Explainer",
    "ExplainerMethod", "ExplainerType", "ExternalAuth", "ExternalMetric", "GcsStorage", "GpuNodes", "GpuOperator",
    "GpuSoftware", "Guardrail", "Hpa", "HttpStorage", "HuggingFaceServer", "ImageBuild", "IngressTimeouts",
    "InstanceGroup", "IntegratedGradients", "InvalidSpec", "Istio", "IstioRoute", "Json", "JsonObject", "KafkaLogin",
    "KafkaTls", "Karpenter",
    "Keda", "KedaFallback", "KedaTrigger", "KernelShap", "Kubernetes", "LatencyGate", "LatencyQuantile", "Later",
    "Licence", "LightGBMServer", "Local", "LogLevel", "LogMode", "Logger", "LoginMechanism", "MLServerRuntime",
    "MLflowServer", "Method",
    "MetricTarget", "Mig", "MirrorGate", "MlflowStorage", "Model", "ModelServer", "Monitoring", "Mps", "NatGateways",
    "Network",
    "NetworkPolicy", "NewVpc", "Node", "NodeCondition", "NodeGroup", "NodePool", "NodePreference", "NodeRepair",
    "NodeType", "ObjectMetric", "OciStorage", "OnnxServer",
    "OperatorProcess", "Orchestrator", "OutcomeMean", "OutcomeRate", "OutlierDetector", "OutputTransformer",
    "Parameter", "ParameterType", "PayloadFiles", "PayloadKafka", "PayloadLog", "PayloadTopic", "PayloadVolume",
    "Pdb", "Pod",
    "PodDefaults", "PodField", "PodIdentity", "PodSecurity", "PodTemplate", "PodsMetric", "Predictor", "Problem",
    "PrometheusStack", "Protocol", "PythonServer", "QueueTime", "RandomAbTest", "RateLimit", "RepairAction",
    "RepairOverride", "RequestLogQueue", "RequestLogger",
    "ResourceMetric", "Resources", "Retries", "Rollout", "Router", "S3Storage", "Scaling", "Scheduling",
    "SecretKey", "SeldonCore", "SeldonDeployment", "SeldonInfraError", "Server", "ServerImage", "ServerType",
    "ServiceAccount", "ServiceAccountRole", "ServiceMonitor", "Sharing", "Signature", "SimpleModel", "SimpleRouter",
    "SklearnServer", "Slo", "SmokeGate", "Spec", "Ssl", "Stack", "StickySession", "Storage", "StorageInitializer",
    "Taint", "TaintEffect", "TempoServer", "Tensor", "TensorFlowServer", "TensorSpec", "ThompsonSampling",
    "TimeSlicing", "Timeouts", "Tls", "TlsMode", "TorchServeServer", "Tracing", "Transformer", "Transport", "TreeShap",
    "TritonModel", "TritonServer", "UpdateStrategy", "UpgradePolicy", "WebhookCertificate", "XGBoostServer", "check",
    "config", "config_pbtxt", "run", "secret",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"seldon_infra has no '{name}'")
    # A module may replace itself in sys.modules, and `config` is a module's name too: keep what was found.
    found: object = getattr(import_module(_HOME[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
