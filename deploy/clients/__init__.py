"""Makes the generated parts of the clients in libs/clients from docs/openapi.json."""
