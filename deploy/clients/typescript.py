"""The generated parts of the client for TypeScript: the types, by openapi-typescript, the error codes, and routes."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Final

from deploy.clients.document import codes, document, operations
from deploy.clients.made import CLIENTS
from deploy.gateway.openapi import SNAPSHOT

PACKAGE: Final = CLIENTS / "typescript"
HEAD: Final = "// Made by `make clients`; do not edit.\n"


def write() -> list[Path]:
    """Write all generated files; returns them.

    Raises:
        SystemExit: there is no Node.
    """
    if shutil.which("npm") is None:
        raise SystemExit("make clients needs Node 20 or later: openapi-typescript runs on it")
    files = [PACKAGE / "src" / "schema.ts", PACKAGE / "src" / "codes.ts"]
    npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    subprocess.run(npm, cwd=PACKAGE, check=True)
    # Without the option, fields with a default would have to be given.
    generator = ["node_modules/.bin/openapi-typescript", str(SNAPSHOT), "--default-non-nullable", "false"]
    subprocess.run([*generator, "--output", str(files[0])], cwd=PACKAGE, check=True, stdout=subprocess.DEVNULL)
    files[1].write_text(codes_and_routes(), encoding="utf-8")
    return files


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
