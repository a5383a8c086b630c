"""The generated parts of the client for TypeScript: the types, by openapi-typescript, the error codes, and routes."""

import json
import os
import subprocess
from pathlib import Path
from typing import Final

from deploy.clients.document import codes, document, operations
from deploy.clients.made import CLIENTS
from deploy.gateway.openapi import SNAPSHOT
from deploy.release.environments import generator

PACKAGE: Final = CLIENTS / "typescript"
HEAD: Final = "// Made by `make clients`; do not edit.\n"


def write() -> list[Path]:
    """Write all generated files; returns them."""
    files = [PACKAGE / "src" / "schema.ts", PACKAGE / "src" / "codes.ts"]
    npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent")
    # Without the option, fields with a default would have to be given.
    way = ("--default-non-nullable", "false", "--output", str(files[0]))
    npm("exec", "--offline", "--", "openapi-typescript", str(SNAPSHOT), *way)
    files[1].write_text(codes_and_routes(), encoding="utf-8")
    return files


def npm(*arguments: str) -> None:
    """Run npm of the locked Node in the package's folder."""
    program = generator("npm")
    environment = {**os.environ, "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run([program, *arguments], cwd=PACKAGE, env=environment, check=True, stdout=subprocess.DEVNULL)


def codes_and_routes() -> str:
    described = document()
    known = "".join(f"\n  /** {meaning} */\n  | {json.dumps(code)}" for code, meaning in codes(described).items())
    creating = [one.path for one in operations(described) if one.takes("Idempotency-Key")]
    return f"""{HEAD}
/** The codes of problems. A newer server may have more. */
export type ProblemCode ={known};

/** Routes whose POST takes an `Idempotency-Key`. */
export const CREATING: ReadonlySet<string> = new Set({json.dumps(creating, indent=2)});
"""
