"""The site as authenticators know it, and the checks of what they and browsers answer.

The checks are py_webauthn's (Web Authentication, level 3, sections 7.1 and 7.2). It parses bytes that anybody may send,
and raises whatever its parsers do, so every exception of it is a refusal. These rules are ours: no page of another site
around ours (`crossOrigin`), keys of common strength, and no attestation by a manufacturer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    decode_credential_public_key,
    decoded_public_key_to_cryptography,
    options_to_json_dict,
    parse_client_data_json,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AttestationFormat,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from auth.services.passkeys.challenges import LIFETIME
from auth.services.passkeys.origins import host_and_origin
from auth.services.passkeys.records import Assertion, KnownCredential, NewCredential, StoredCredential
from auth.services.records import Account

Answer = Mapping[str, Any]
"""A browser's answer: `PublicKeyCredential.toJSON()`."""
ALGORITHMS: Final = (
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
)
FORMATS: Final = {AttestationFormat.NONE, AttestationFormat.PACKED}
"""None is asked for. Some authenticators sign with the new key itself all the same (`packed`)."""
TRANSPORTS: Final = frozenset(one.value for one in AuthenticatorTransport)
RSA_BITS: Final = range(2048, 4097)
RSA_EXPONENT: Final = 65537
LONGEST_ID: Final = 1023
TIMEOUT_MS: Final = int(LIFETIME.total_seconds() * 1000)
VERIFICATION: Final = UserVerificationRequirement.PREFERRED
"""Not `required`: that excludes security keys without a PIN. The answer says whether it was made."""


class AnswerRefused(Exception):
    """A browser's answer is refused. The reason is for the log only."""


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """The site. Passkeys are bound to its `id`, a host; a page at any of the `origins` may use them."""

    id: str
    name: str
    origins: tuple[str, ...]
    """As browsers send them. The first is the site's own."""

    @classmethod
    def of(cls, issuer: str, name: str, more: Sequence[str]) -> "RelyingParty":
        """The site at an address; `more`: further origins."""
        host, own = host_and_origin(issuer)
        return cls(host, name, (own, *more))

    def creation_options(
        self, account: Account, handle: bytes, challenge: bytes, known: Sequence[KnownCredential]
    ) -> dict[str, Any]:
        """`PublicKeyCredentialCreationOptionsJSON`."""
        options = generate_registration_options(
            rp_id=self.id,
            rp_name=self.name,
            user_id=handle,
            user_name=account.email,
            user_display_name=account.name or account.email,
            challenge=challenge,
            timeout=TIMEOUT_MS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=VERIFICATION
            ),
            exclude_credentials=[descriptor(one) for one in known],
            supported_pub_key_algs=list(ALGORITHMS),
        )
        return options_to_json_dict(options)

    def request_options(self, challenge: bytes) -> dict[str, Any]:
        """`PublicKeyCredentialRequestOptionsJSON`, for any account: the authenticator knows whose passkeys it has."""
        return options_to_json_dict(
            generate_authentication_options(
                rp_id=self.id, challenge=challenge, timeout=TIMEOUT_MS, user_verification=VERIFICATION
            )
        )

    def credential_in(self, answer: Answer) -> bytes:
        """The id of the credential that an answer names. Raises AnswerRefused."""
        try:
            return base64url_to_bytes(answer["rawId"])
        except ValueError as error:
            raise AnswerRefused(f"credential id: {error!r}") from error

    def challenge_in(self, answer: Answer) -> bytes:
        """The challenge that an answer is for; the other checks come later. Raises AnswerRefused."""
        try:
            client_data = parse_client_data_json(base64url_to_bytes(answer["response"]["clientDataJSON"]))
        except Exception as error:  # see the module's docstring
            raise AnswerRefused(f"client data: {error!r}") from error
        if client_data.cross_origin:
            raise AnswerRefused("a page of another site is around it")
        return client_data.challenge

    def check_registration(self, answer: Answer, challenge: bytes) -> NewCredential:
        """The credential of a browser's answer to `creation_options`. Raises AnswerRefused."""
        try:
            made = verify_registration_response(
                credential={**answer, "response": {**answer["response"], "transports": None}},
                expected_challenge=challenge,
                expected_rp_id=self.id,
                expected_origin=list(self.origins),
                supported_pub_key_algs=list(ALGORITHMS),
            )
            fits = is_usual(made.credential_public_key)
        except Exception as error:  # see the module's docstring
            raise AnswerRefused(f"registration: {error!r}") from error
        if made.fmt not in FORMATS or not fits or len(made.credential_id) > LONGEST_ID:
            raise AnswerRefused(f"attestation {made.fmt}, or an unusual key or id")
        return NewCredential(
            credential_id=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            backup_eligible=made.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
            backed_up=made.credential_backed_up,
            transports=sorted({one for one in answer["response"].get("transports", ()) if one in TRANSPORTS}),
        )

    def check_assertion(self, answer: Answer, challenge: bytes, stored: StoredCredential) -> Assertion:
        """What an answer to `request_options` proves. The caller compares counter and flags. Raises AnswerRefused."""
        try:
            made = verify_authentication_response(
                credential=dict(answer),
                expected_challenge=challenge,
                expected_rp_id=self.id,
                expected_origin=list(self.origins),
                credential_public_key=stored.public_key,
                credential_current_sign_count=0,
            )
            handle = base64url_to_bytes(answer["response"]["userHandle"])
        except Exception as error:  # see the module's docstring
            raise AnswerRefused(f"assertion: {error!r}") from error
        if handle != stored.handle:
            raise AnswerRefused("the handle of another account")
        return Assertion(
            sign_count=made.new_sign_count,
            backup_eligible=made.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
            backed_up=made.credential_backed_up,
            user_verified=made.user_verified,
        )


def descriptor(known: KnownCredential) -> PublicKeyCredentialDescriptor:
    transports = [AuthenticatorTransport(name) for name in known.transports]
    return PublicKeyCredentialDescriptor(id=known.credential_id, transports=transports or None)


def is_usual(public_key: bytes) -> bool:
    """Whether a key in COSE is one of `ALGORITHMS`, of its usual curve or size. Raises anything if it is malformed."""
    decoded = decode_credential_public_key(public_key)
    key = decoded_public_key_to_cryptography(decoded)
    if isinstance(key, EllipticCurvePublicKey):
        return decoded.alg == COSEAlgorithmIdentifier.ECDSA_SHA_256 and isinstance(key.curve, SECP256R1)
    if isinstance(key, RSAPublicKey):
        usual = key.key_size in RSA_BITS and key.public_numbers().e == RSA_EXPONENT
        return usual and decoded.alg == COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256
    return decoded.alg == COSEAlgorithmIdentifier.EDDSA and isinstance(key, Ed25519PublicKey)
