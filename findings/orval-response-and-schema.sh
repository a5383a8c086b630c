#!/usr/bin/env bash
# orval 7.13.2: the response component `Blocked` and the schema `BlockedResponse` become two types of one name, although
# OpenAPI keeps the names of responses and schemas apart. The file does not type-check.
# Seen on 2026-11-28 (Node 20.20.2, typescript 5.9.3): "error TS2300: Duplicate identifier 'BlockedResponse'."
# Why it matters here: our schemas of answers end with Response, so no response may be called like one without it.
# Needs node and npm. Exits non-zero when it type-checks.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --prefix . \
    orval@7.13.2 typescript@5.9.3 >log 2>&1 || { cat log; exit 2; }
cat >openapi.json <<'JSON'
{"openapi": "3.1.0", "info": {"title": "t", "version": "1"},
 "paths": {"/": {"get": {"operationId": "look", "responses": {
   "200": {"description": "ok", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/BlockedResponse"}}}},
   "403": {"$ref": "#/components/responses/Blocked"}}}}},
 "components": {"schemas": {
   "BlockedResponse": {"type": "object", "properties": {"id": {"type": "integer"}}},
   "Problem": {"type": "object", "properties": {"code": {"type": "string"}}}},
  "responses": {"Blocked": {"description": "no", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}}}}
JSON
echo "orval $(node -p 'require("./node_modules/orval/package.json").version')"
node_modules/.bin/orval --input openapi.json --output client.ts --client fetch >log 2>&1
if node_modules/.bin/tsc --noEmit --skipLibCheck --lib es2022,dom client.ts >said; then
    echo 'it type-checks: the behaviour has changed'
    exit 1
fi
grep "Duplicate identifier 'BlockedResponse'" said | head -1
