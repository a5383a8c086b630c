"""Prometheus rules, dashboards, and what is needed to use them with compose and Kubernetes."""
