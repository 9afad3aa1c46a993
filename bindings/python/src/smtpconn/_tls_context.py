"""What an ssl.SSLContext says, as options of a connection."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any, Final

from ._errors import OptionsError

#: Options that say the same as a context, or the opposite.
_SAID: Final = (
    "tls_reject_unauthorized",
    "tls_ca",
    "tls_ca_file",
    "tls_ca_directory",
    "tls_min_version",
    "tls_max_version",
    "tls_ciphers",
    "tls_cipher_suites",
)

_VERSIONS: Final = {ssl.TLSVersion.TLSv1_2: "TLSv1.2", ssl.TLSVersion.TLSv1_3: "TLSv1.3"}


def context_options(context: ssl.SSLContext, given: Mapping[str, object]) -> dict[str, Any]:
    """The options that say the same.  OptionsError for what a connection cannot do, or what cannot
    be known; nothing that protects is left out.
    """
    if not isinstance(context, ssl.SSLContext):
        raise TypeError(f"context must be an ssl.SSLContext, not {type(context).__name__}")
    if type(context) is not ssl.SSLContext:
        raise OptionsError(
            f"context is a {type(context).__name__}, which may verify in a way of its own: give an "
            "ssl.SSLContext, or the options tls_..."
        )
    for name in _SAID:
        if given.get(name) is not None:
            raise OptionsError(f"context and {name} say the same: give one of them")
    if context.protocol not in (ssl.PROTOCOL_TLS_CLIENT, ssl.PROTOCOL_TLS):
        raise OptionsError(
            f"context is for {context.protocol.name}: make it with ssl.create_default_context()"
        )
    return {**_trust(context), **_versions(context), **_ciphers(context)}


def _trust(context: ssl.SSLContext) -> dict[str, Any]:
    if context.verify_flags & (ssl.VERIFY_CRL_CHECK_LEAF | ssl.VERIFY_CRL_CHECK_CHAIN):
        raise OptionsError(
            "context looks for revoked certificates, and its lists cannot be read: use tls_crl_file"
        )
    if context.verify_mode == ssl.CERT_NONE:
        return {"tls_reject_unauthorized": False}
    if not context.check_hostname:
        raise OptionsError(
            "context verifies the certificate but not its name, which a connection does not do: "
            "set check_hostname = True, and tls_servername if the name is another than the host"
        )
    trusted = context.get_ca_certs(binary_form=True)
    if not trusted:
        raise OptionsError(
            "context has no CA certificate that can be read, and those of a directory cannot: "
            "use load_verify_locations(cafile=...), or tls_ca_directory instead of context; "
            "without either, the certificates of the system are used"
        )
    return {"tls_ca": "".join(map(ssl.DER_cert_to_PEM_cert, trusted))}


def _versions(context: ssl.SSLContext) -> dict[str, Any]:
    options: dict[str, Any] = {}
    lowest, highest = context.minimum_version, context.maximum_version
    if lowest == ssl.TLSVersion.MAXIMUM_SUPPORTED:
        lowest = ssl.TLSVersion.TLSv1_3
    if lowest != ssl.TLSVersion.MINIMUM_SUPPORTED:
        if lowest not in _VERSIONS:
            raise OptionsError(
                f"context allows {lowest.name}, which a connection does not: set minimum_version "
                "to ssl.TLSVersion.TLSv1_2"
            )
        options["tls_min_version"] = _VERSIONS[lowest]
    if highest != ssl.TLSVersion.MAXIMUM_SUPPORTED:
        if highest not in _VERSIONS:
            raise OptionsError(
                f"context allows no version above {highest.name}, and a connection none below "
                "TLSv1.2: set maximum_version"
            )
        options["tls_max_version"] = _VERSIONS[highest]
    # The older way to say the same.
    if context.options & ssl.OP_NO_TLSv1_3:
        if options.get("tls_min_version") == "TLSv1.3" or context.options & ssl.OP_NO_TLSv1_2:
            raise OptionsError("context allows neither TLSv1.2 nor TLSv1.3")
        options["tls_max_version"] = "TLSv1.2"
    elif context.options & ssl.OP_NO_TLSv1_2:
        if options.get("tls_max_version") == "TLSv1.2":
            raise OptionsError("context allows neither TLSv1.2 nor TLSv1.3")
        options["tls_min_version"] = "TLSv1.3"
    return options


def _ciphers(context: ssl.SSLContext) -> dict[str, Any]:
    """Only those that the program has chosen: else the policy of the system is stricter."""
    names = _names(context)
    if names == _names(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)):
        return {}
    suites = [name for name in names if name.startswith("TLS_")]
    older = [name for name in names if not name.startswith("TLS_")]
    options: dict[str, Any] = {}
    if suites:
        options["tls_cipher_suites"] = ":".join(suites)
    if older:
        options["tls_ciphers"] = ":".join(older)
    return options


def _names(context: ssl.SSLContext) -> list[str]:
    return [cipher["name"] for cipher in context.get_ciphers()]
