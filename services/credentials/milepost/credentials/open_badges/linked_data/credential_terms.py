"""What the words of W3C's contexts mean: credentials, proofs, status lists, keys.

Sources: VC Data Model 2.0, Data Integrity 1.0, Bitstring Status List 1.0, Controlled Identifiers
1.0.
"""

from typing import Final

from milepost.credentials.open_badges.linked_data.term import Term, Terms, links, names, texts

XSD = "http://www.w3.org/2001/XMLSchema#"
XSD_SECURE = "https://www.w3.org/2001/XMLSchema#"  # some terms spell it so
SCHEMA = "https://schema.org/"
VC = "https://www.w3.org/2018/credentials#"
STATUS = "https://www.w3.org/ns/credentials/status#"
SECURITY = "https://w3id.org/security#"
JOSE = "https://www.iana.org/assignments/jose#"
JWT = "https://www.iana.org/assignments/jwt#"
MULTIBASE = SECURITY + "multibase"
DATE_TIME = XSD + "dateTime"

PURPOSES: Final[Terms] = {
    "assertionMethod": Term(SECURITY + "assertionMethod", "@id"),
    "authentication": Term(SECURITY + "authenticationMethod", "@id"),
    "capabilityDelegation": Term(SECURITY + "capabilityDelegationMethod", "@id"),
    "capabilityInvocation": Term(SECURITY + "capabilityInvocationMethod", "@id"),
    "keyAgreement": Term(SECURITY + "keyAgreementMethod", "@id"),
}
PROOF: Final[Terms] = {
    **texts(SECURITY, "challenge domain nonce"),
    **links(SECURITY, "previousProof verificationMethod"),
    "created": Term("http://purl.org/dc/terms/created", DATE_TIME),
    "cryptosuite": Term(SECURITY + "cryptosuite", SECURITY + "cryptosuiteString"),
    "expires": Term(SECURITY + "expiration", DATE_TIME),
    "proofPurpose": Term(SECURITY + "proofPurpose", "@vocab", scoped=PURPOSES),
    "proofValue": Term(SECURITY + "proofValue", MULTIBASE),
}
PROOFS: Final = Term(SECURITY + "proof", "@id", "@graph")
DATA_INTEGRITY: Final[Terms] = {
    "DataIntegrityProof": Term(SECURITY + "DataIntegrityProof", scoped=PROOF)
}

LIST_ENTRY: Final[Terms] = {
    **texts(STATUS, "statusListIndex statusPurpose"),
    **links(STATUS, "statusListCredential statusReference"),
    "statusMessage": Term(STATUS + "statusMessage", scoped=texts(STATUS, "message status")),
    "statusSize": Term(STATUS + "statusSize", XSD_SECURE + "integer"),
}
STATUS_LIST: Final[Terms] = {
    **texts(STATUS, "BitstringStatusListCredential"),
    "BitstringStatusList": Term(
        STATUS + "BitstringStatusList",
        scoped={
            **texts(STATUS, "statusPurpose ttl"),
            "encodedList": Term(STATUS + "encodedList", MULTIBASE),
        },
    ),
    "BitstringStatusListEntry": Term(STATUS + "BitstringStatusListEntry", scoped=LIST_ENTRY),
}

CREDENTIAL: Final[Terms] = {
    **texts(SCHEMA, "description name"),
    **links(
        VC,
        "confidenceMethod credentialSchema credentialStatus credentialSubject evidence issuer"
        " refreshService relatedResource renderMethod termsOfUse",
    ),
    **texts(VC, "validFrom validUntil", DATE_TIME),
    "proof": PROOFS,
}
PRESENTATION: Final[Terms] = {
    **links(VC, "holder termsOfUse"),
    "proof": PROOFS,
    "verifiableCredential": Term(VC + "verifiableCredential", "@id", "@graph", resets=True),
}
CLAIMS: Final[Terms] = {
    "...": Term(JWT + "..."),
    **texts(JWT, "_sd", "@json"),
    **texts(JWT, "_sd_alg"),
    **links(JWT, "aud"),
    "cnf": Term(JWT + "cnf", scoped={**links(JWT, "kid"), **texts(JWT, "jwk", "@json")}),
    **texts(JWT, "exp iat nbf", XSD_SECURE + "nonNegativeInteger"),
    **links(JOSE, "iss jku kid sub x5u"),
}
CREDENTIALS_V2: Final[Terms] = {
    **texts(SCHEMA, "description name"),
    **names(mediaType=SCHEMA + "encodingFormat"),
    "digestMultibase": Term(SECURITY + "digestMultibase", MULTIBASE),
    "digestSRI": Term(VC + "digestSRI", VC + "sriString"),
    "VerifiableCredential": Term(VC + "VerifiableCredential", scoped=CREDENTIAL),
    "VerifiablePresentation": Term(VC + "VerifiablePresentation", scoped=PRESENTATION),
    **texts(VC, "EnvelopedVerifiableCredential EnvelopedVerifiablePresentation"),
    **texts(VC, "JsonSchemaCredential"),
    "JsonSchema": Term(VC + "JsonSchema", scoped=texts(VC, "jsonSchema", "@json")),
    **STATUS_LIST,
    **DATA_INTEGRITY,
    **CLAIMS,
}
KEYS: Final[Terms] = {
    "Multikey": Term(
        SECURITY + "Multikey",
        scoped={
            **links(SECURITY, "controller"),
            "revoked": Term(SECURITY + "revoked", DATE_TIME),
            "expires": Term(SECURITY + "expiration", DATE_TIME),
            **texts(SECURITY, "publicKeyMultibase secretKeyMultibase", MULTIBASE),
        },
    )
}
