"""Trivium on Kubernetes: Kustomize manifests, and the programs that check them and make their Secrets."""
