#!/usr/bin/env bash
# openapi-generator 7.25.0, generator `java` (library native): an `anyOf` of a string and a list of strings, which is
# valid OpenAPI 3.1, becomes Java that is no Java: `public List<String> getList<String>()`.
# Seen on 2026-11-28 (Java 17): "generated, and its Java does not compile".
# Why it matters here: the `detail` of an audit event was such a schema, and one such field makes the whole client useless.
# Needs java (a JDK) and mvn. Exits non-zero when the generated code is Java.
set -euo pipefail
version=7.25.0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy -Dmdep.stripVersion -DoutputDirectory=. \
    "-Dartifact=org.openapitools:openapi-generator-cli:$version" >log 2>&1 || { cat log; exit 2; }
cat >openapi.json <<'JSON'
{"openapi": "3.1.0", "info": {"title": "t", "version": "1"},
 "paths": {"/": {"get": {"operationId": "look", "responses": {"200": {"description": "ok", "content":
   {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}}}}},
 "components": {"schemas": {"Thing": {"type": "object", "properties": {"detail": {"type": "object",
   "additionalProperties": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}}}}}}}
JSON
java -jar openapi-generator-cli.jar generate -i openapi.json -g java --library native -o made >log 2>&1
echo "openapi-generator $version"
wrong=$(grep -rhoE 'getList<String>\(\)' made/src/main/java | head -1 || true)
if [ -z "$wrong" ]; then echo 'generated Java: the behaviour has changed'; exit 1; fi
echo "generated, and its Java does not compile: a method is called $wrong"
