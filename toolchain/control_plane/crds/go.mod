module seldon-infra/toolchain/crds

go 1.26.0

require (
	github.com/emissary-ingress/emissary/v3 v3.9.1
	github.com/kedacore/keda/v2 v2.21.0
	github.com/prometheus-operator/prometheus-operator v0.85.0
	istio.io/api v1.32.0
	sigs.k8s.io/gateway-api v1.6.3
)
