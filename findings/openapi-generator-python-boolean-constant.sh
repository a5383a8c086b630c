#!/usr/bin/env bash
# openapi-generator 7.25.0, generator `python`: a boolean property with `"const": true`, which is valid OpenAPI 3.1, is
# checked against the text 'true'. So the generated class refuses every document that has the value true.
# Seen on 2026-11-28 (Python 3.11): "Value error, must be one of enum values ('true')", for the value true.
# Why it matters here: `complete: true` ends an export; the client raised on each whole one. We say a plain boolean.
# Needs java, mvn, and python3 with venv. Exits non-zero when the generated class takes the value.
set -euo pipefail
version=7.25.0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy -Dmdep.stripVersion -DoutputDirectory=. \
    "-Dartifact=org.openapitools:openapi-generator-cli:$version" >log 2>&1 || { cat log; exit 2; }
python3 -m venv venv
venv/bin/pip install -q urllib3==2.8.0 python-dateutil==4.0.0 pydantic==2.14.4 typing-extensions==4.16.0
cat >openapi.json <<'JSON'
{"openapi": "3.1.0", "info": {"title": "t", "version": "1"},
 "paths": {"/": {"get": {"operationId": "look", "responses": {"200": {"description": "ok", "content":
   {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}}}}},
 "components": {"schemas": {"Thing": {"type": "object", "required": ["complete"], "properties":
   {"complete": {"type": "boolean", "const": true}}}}}}
JSON
java -jar openapi-generator-cli.jar generate -i openapi.json -g python --package-name made -o made >log 2>&1
echo "openapi-generator $version"
if said=$(PYTHONPATH=made venv/bin/python -c 'import made; made.Thing.from_dict({"complete": True})' 2>&1); then
    echo 'true is taken: the behaviour has changed'
    exit 1
fi
echo "$said" | grep 'must be one of enum values'
