module images

go 1.26.0

require (
	github.com/cloudnative-pg/cloudnative-pg v1.30.0
	sigs.k8s.io/metrics-server v0.9.0
)
