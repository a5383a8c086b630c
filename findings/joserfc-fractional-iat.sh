#!/bin/sh
# joserfc refuses a token with a fractional `iat` until the next full second.
#
# Version:   joserfc 1.8.0 (PyPI)
# Behaviour: JWTClaimsRegistry compares `iat` with the current time cut to whole seconds. RFC 7519, section 2, lets a
#            NumericDate have a fraction. A token whose `iat` is 50 ms old is "issued in the future" within its second.
# Output:    whole iat: accepted
#            fractional iat, 50 ms old: refused: invalid_claim: The token was issued in the future
#            the same token 1 s later: accepted
# Seen on:   2026-11-28
# Why here:  our access tokens are read by resource servers that nobody here wrote. So auth writes `iat` as an integer,
#            and a test holds it.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q joserfc==1.8.0
"$folder/venv/bin/python" - <<'PYTHON'
import sys
import time

from joserfc import jwt
from joserfc.errors import InvalidClaimError
from joserfc.jwk import OctKey

key = OctKey.import_key("a key of at least thirty-two bytes, for a trial")


def outcome(token):
    try:
        jwt.JWTClaimsRegistry().validate(jwt.decode(token, key).claims)
    except InvalidClaimError as error:
        return f"refused: {error}"
    return "accepted"


while not 0.2 < time.time() % 1 < 0.5:  # well within a second
    time.sleep(0.01)
now = time.time()
whole = jwt.encode({"alg": "HS256"}, {"iat": int(now)}, key)
fraction = jwt.encode({"alg": "HS256"}, {"iat": now - 0.05}, key)
seen = [outcome(whole), outcome(fraction)]
time.sleep(1)
seen.append(outcome(fraction))
for name, told in zip(("whole iat", "fractional iat, 50 ms old", "the same token 1 s later"), seen):
    print(f"{name}: {told}")
sys.exit(not (seen[0] == seen[2] == "accepted" and "issued in the future" in seen[1]))
PYTHON
