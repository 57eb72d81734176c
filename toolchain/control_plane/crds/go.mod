module seldon-infra/toolchain/crds

go 1.26.0

require (
	github.com/emissary-ingress/emissary/v3 v3.9.1
	istio.io/api v1.32.0
	sigs.k8s.io/gateway-api v1.6.3
)
