"""The stack in containers: the Dockerfile, and the programs for docker-compose.yml."""
