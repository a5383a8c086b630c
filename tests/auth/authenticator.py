"""A software authenticator with a browser around it, for tests: makes passkeys, and signs with them."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ORIGIN: Final = "http://localhost:8000"
RP_ID: Final = "localhost"
UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40
"""Flags of authenticator data: user present, user verified, backup eligible, backed up, with a new credential."""
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def es256() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def rs256() -> Key:
    """One for the whole run: to find its primes takes a tenth of a second, also while tests are collected."""
    return rsa.generate_private_key(65537, 2048)


def number(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def cose(key: Key) -> dict[int, Any]:
    """The public key in COSE (RFC 9053)."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        point = key.public_key().public_numbers()
        size, curve = (32, 1) if isinstance(key.curve, ec.SECP256R1) else (48, 2)
        return {1: 2, 3: -7, -1: curve, -2: point.x.to_bytes(size, "big"), -3: point.y.to_bytes(size, "big")}
    if isinstance(key, rsa.RSAPrivateKey):
        public = key.public_key().public_numbers()
        return {1: 3, 3: -257, -1: number(public.n), -2: number(public.e)}
    return {1: 1, 3: -8, -1: 6, -2: key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)}


def sign(key: Key, data: bytes) -> bytes:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(hashes.SHA256()))
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(data)


@dataclass
class Authenticator:
    """Holds one passkey. Each part of an answer can be wrong: fields are changed by the tests."""

    key: Key = field(default_factory=es256)
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    handle: bytes = b""
    flags: int = UP | UV
    counter: int = 0
    """Of the next use."""
    origin: str = ORIGIN
    rp_id: str = RP_ID
    more: dict[str, Any] = field(default_factory=dict)
    """More members of the client data, or others."""
    public: dict[int, Any] = field(default_factory=dict)
    """More members of the public key, or others."""
    fmt: str = "none"

    def client_data(self, kind: str, challenge: str) -> bytes:
        data = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps({**data, **self.more}).encode()

    def data(self, flags: int, attested: bytes = b"") -> bytes:
        """Authenticator data."""
        head = hashlib.sha256(self.rp_id.encode()).digest()
        return head + bytes([flags]) + self.counter.to_bytes(4, "big") + attested

    def make(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """The browser's answer to creation options: `RegistrationResponseJSON`."""
        self.handle = unb64(options["user"]["id"])
        public = cbor2.dumps({**cose(self.key), **self.public})
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + public
        attestation = {"fmt": self.fmt, "attStmt": {}, "authData": self.data(self.flags | AT, attested)}
        return {
            **self.named(),
            "response": {
                "clientDataJSON": b64(self.client_data("webauthn.create", options["challenge"])),
                "attestationObject": b64(cbor2.dumps(attestation)),
                "transports": ["internal", "hybrid", "carrier-pigeon"],
            },
        }

    def answer(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """The browser's answer to request options: `AuthenticationResponseJSON`."""
        client_data = self.client_data("webauthn.get", options["challenge"])
        data = self.data(self.flags)
        return {
            **self.named(),
            "response": {
                "clientDataJSON": b64(client_data),
                "authenticatorData": b64(data),
                "signature": b64(sign(self.key, data + hashlib.sha256(client_data).digest())),
                "userHandle": b64(self.handle),
            },
        }

    def named(self) -> dict[str, Any]:
        name = b64(self.credential_id)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
        }
