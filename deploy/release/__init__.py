"""A release's packages: a bill of materials, their licences, and known vulnerabilities."""
