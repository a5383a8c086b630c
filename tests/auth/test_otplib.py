"""npm's `otplib`, an authenticator that is not ours, agrees with our codes and reads our addresses.

`make test-providers`; pyotp does the same in tests/auth/test_totp.py.
"""

import json
import secrets
import subprocess
from pathlib import Path
from typing import Final

import pytest

from auth.services.second_factor import totp
from tests.npm import installed

pytestmark = pytest.mark.providers

PROGRAM: Final = Path(__file__).parents[1] / "otplib.mjs"
TIMES: Final = 1000
SITE: Final = "Ada & Co: Ünion"
EMAIL: Final = "ada+test@example.com"


def test_otplib_agrees_a_thousand_times() -> None:
    """SHA-1, six digits and 30 s are what the address leaves unsaid, so it must take them for granted."""
    folder = installed(PROGRAM, "otplib@13.5.0")
    asked, wanted = [], []
    for _ in range(TIMES):
        secret, now = totp.new_secret(), secrets.randbelow(2**33)
        code, following = (totp.code_of(secret, now // 30 + by) for by in (0, 1))
        asked.append({"uri": totp.provisioning_uri(secret, SITE, EMAIL), "now": now, "code": code})
        read = {"type": "totp", "label": f"{SITE}:{EMAIL}", "secret": totp.in_base32(secret), "issuer": SITE}
        wanted.append({**read, "code": code, "next": following, "valid": True})
    command = ("node", PROGRAM.name)
    told = subprocess.run(command, cwd=folder, input=json.dumps(asked), capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    answers = json.loads(told.stdout)
    assert len(answers) == TIMES
    assert answers == wanted
