"""The stack in containers: the image's recipe, and what docker-compose.yml leaves to programs."""
