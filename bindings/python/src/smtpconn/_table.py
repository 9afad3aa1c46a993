"""The options of a connection and the fields of an envelope.

Written by `make generated` from Sources/Options/options.json.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

#: Options, and how each value is carried into C: a name of `_options.CARRIERS`.
OPTIONS: Final[Mapping[str, str]] = {
    "host": "text",
    "port": "number",
    "secure": "flag",
    "ignore_tls": "flag",
    "require_tls": "flag",
    "opportunistic_tls": "flag",
    "lmtp": "flag",
    "socket_path": "path",
    "local_address": "text",
    "local_port": "number",
    "socket": "descriptor",
    "connection": "descriptor",
    "secured": "flag",
    "name": "text",
    "address_family": "number",
    "tcp_keepalive_idle": "number",
    "tcp_keepalive_interval": "number",
    "tcp_keepalive_count": "number",
    "receive_buffer_size": "number",
    "send_buffer_size": "number",
    "proxy": "text",
    "proxy_user": "text",
    "proxy_password": "text",
    "proxy_from_environment": "flag",
    "proxy_token_endpoint": "flag",
    "dns_timeout": "seconds",
    "connection_timeout": "seconds",
    "greeting_timeout": "seconds",
    "socket_timeout": "seconds",
    "command_timeout": "seconds",
    "final_reply_timeout": "seconds",
    "quit_timeout": "seconds",
    "operation_timeout": "seconds",
    "chunking": "number",
    "ignored_capabilities": "keywords",
    "auth_method": "keywords",
    "channel_binding": "text",
    "initial_response": "flag",
    "hello_after_login": "flag",
    "allow_insecure_auth": "flag",
    "tls_servername": "text",
    "tls_ca_file": "path",
    "tls_ca_directory": "path",
    "tls_ca": "text",
    "tls_pins": "keywords",
    "tls_tlsa": "list",
    "tls_mta_sts": "text",
    "tls_crl_file": "path",
    "tls_require_ocsp": "flag",
    "tls_certificate_file": "path",
    "tls_certificate": "text",
    "tls_key_file": "path",
    "tls_key": "text",
    "tls_ciphers": "text",
    "tls_cipher_suites": "text",
    "tls_groups": "text",
    "tls_min_version": "text",
    "tls_max_version": "text",
    "tls_alpn": "list",
    "tls_reject_unauthorized": "flag",
    "tls_resumption": "flag",
    "transaction_log": "flag",
    "debug": "flag",
}

#: Options that are Python code, and the setter of the library.
HOOKS: Final[Mapping[str, str]] = {
    "custom_mechanisms": "custom_mechanism",
    "tls_key_password": "tls_key_password_callback",
    "tls_context_callback": "tls_context_callback",
    "tls_key_log": "tls_key_log_callback",
}

#: Fields of `Envelope` beside the addresses; the library has no "python".
FIELDS: Final[Mapping[str, str]] = {
    "size": "octets",
    "use_8bitmime": "flag or unset",
    "use_smtputf8": "flag",
    "require_tls": "flag",
    "dsn": "python",
    "all_or_none": "flag",
    "use_binarymime": "flag",
    "mt_priority": "number",
    "deliver_by": "text",
    "hold_for": "number",
    "hold_until": "text",
    "auth_sender": "text",
    "solicit": "list",
    "parameters": "python",
    "allow_empty": "python",
}

#: Fields of `DSN`: what the library calls each, and its kind.
DSN_FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "ret": ("dsn_ret", "text"),
    "envid": ("dsn_envid", "text"),
    "notify": ("dsn_notify", "list"),
    "orcpt": ("dsn_orcpt", "text"),
}

#: Fields of `Recipient`: what the library calls each, and its kind.
RECIPIENT_FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "notify": ("to_dsn_notify", "list"),
    "orcpt": ("to_dsn_orcpt", "text"),
    "rrvs": ("to_rrvs", "text"),
}
