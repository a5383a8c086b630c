#!/usr/bin/env bash
# FastAPI 0.165.0 with pydantic 2.14.3: a generic model that names itself by `model_parametrized_name` (pydantic's way) has
# that name in Python and as its `title`, but its component in the OpenAPI document is called after the class and its
# parameter: `Page_Item_`. Generated clients get that name.
# Seen on 2026-11-28 (Python 3.11): "ItemPage in Python, Page_Item_ in the document, titled ItemPage".
# Why it matters here: client classes were called PagePostResponse instead of PostPage; `common.http.docs` renames by title.
# Needs python3 with venv. Exits non-zero when the component has the model's own name.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q fastapi==0.165.0 pydantic==2.14.3
cat >show.py <<'PY'
import sys
from typing import Generic, TypeVar

import fastapi
from fastapi import FastAPI
from pydantic import BaseModel

T = TypeVar("T")


class Item(BaseModel):
    id: int


class Page(BaseModel, Generic[T]):
    items: list[T]

    @classmethod
    def model_parametrized_name(cls, params):
        return f"{params[0].__name__}Page"


app = FastAPI()


@app.get("/")
def look() -> Page[Item]: ...


schemas = app.openapi()["components"]["schemas"]
name = next(name for name in schemas if "Page" in name)
print("fastapi", fastapi.__version__)
print(f"{Page[Item].__name__} in Python, {name} in the document, titled {schemas[name]['title']}")
sys.exit(name == Page[Item].__name__)
PY
venv/bin/python show.py
