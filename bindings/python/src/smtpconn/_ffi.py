"""The foreign functions: <smtpconn.h>, line by line, and nothing else.

Written by `make generated` from the header; tests/test_ffi.py reads the header too, and compares.
"""

from __future__ import annotations

from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_char,
    c_char_p,
    c_int,
    c_size_t,
    c_ssize_t,
    c_uint8,
    c_uint32,
    c_uint64,
    c_void_p,
)
from typing import TYPE_CHECKING, Any, NamedTuple

# One type to a handle, so that ctypes refuses an envelope where a connection belongs.


class _Error(Structure):
    """smtpconn_error"""


class _Options(Structure):
    """smtpconn_options"""


class _Exchange(Structure):
    """smtpconn_exchange"""


class _Loop(Structure):
    """smtpconn_loop"""


class _Timer(Structure):
    """smtpconn_timer"""


class _Conn(Structure):
    """smtpconn"""


class _Auth(Structure):
    """smtpconn_auth"""


class _TokenRequest(Structure):
    """smtpconn_token_request"""


class _Envelope(Structure):
    """smtpconn_envelope"""


class _Message(Structure):
    """smtpconn_message"""


class _Result(Structure):
    """smtpconn_result"""


class _Reply(Structure):
    """smtpconn_reply"""


class _Pool(Structure):
    """smtpconn_pool"""


Error = POINTER(_Error)
Options = POINTER(_Options)
Exchange = POINTER(_Exchange)
Loop = POINTER(_Loop)
Timer = POINTER(_Timer)
Conn = POINTER(_Conn)
Auth = POINTER(_Auth)
TokenRequest = POINTER(_TokenRequest)
Envelope = POINTER(_Envelope)
Message = POINTER(_Message)
Result = POINTER(_Result)
Reply = POINTER(_Reply)
Pool = POINTER(_Pool)

if TYPE_CHECKING:
    from ctypes import _Pointer

    ErrorHandle = _Pointer[_Error]
    OptionsHandle = _Pointer[_Options]
    ExchangeHandle = _Pointer[_Exchange]
    LoopHandle = _Pointer[_Loop]
    TimerHandle = _Pointer[_Timer]
    ConnHandle = _Pointer[_Conn]
    AuthHandle = _Pointer[_Auth]
    TokenRequestHandle = _Pointer[_TokenRequest]
    EnvelopeHandle = _Pointer[_Envelope]
    MessageHandle = _Pointer[_Message]
    ResultHandle = _Pointer[_Result]
    ReplyHandle = _Pointer[_Reply]
    PoolHandle = _Pointer[_Pool]
else:  # typing.get_type_hints needs every name.
    ErrorHandle = Error
    OptionsHandle = Options
    ExchangeHandle = Exchange
    LoopHandle = Loop
    TimerHandle = Timer
    ConnHandle = Conn
    AuthHandle = Auth
    TokenRequestHandle = TokenRequest
    EnvelopeHandle = Envelope
    MessageHandle = Message
    ResultHandle = Result
    ReplyHandle = Reply
    PoolHandle = Pool

# The callbacks, in the order of the header.

ReleaseCallback = CFUNCTYPE(None, c_void_p)
MechanismCallback = CFUNCTYPE(None, Exchange, POINTER(c_uint8), c_size_t, c_void_p)
PasswordCallback = CFUNCTYPE(c_ssize_t, POINTER(c_char), c_size_t, c_void_p)
TLSContextCallback = CFUNCTYPE(c_int, c_void_p, c_void_p)
TLSKeyLogCallback = CFUNCTYPE(None, c_char_p, c_void_p)
TimerCallback = CFUNCTYPE(None, Timer, c_void_p)
DoneCallback = CFUNCTYPE(None, Conn, Error, c_void_p)
EventCallback = CFUNCTYPE(None, Conn, c_void_p)
ErrorCallback = CFUNCTYPE(None, Conn, Error, c_void_p)
LogCallback = CFUNCTYPE(None, Conn, c_int, c_int, c_char_p, c_size_t, c_void_p)
ProgressCallback = CFUNCTYPE(None, Conn, c_uint64, c_uint64, c_void_p, c_void_p)
TokenCallback = CFUNCTYPE(None, TokenRequest, c_int, c_void_p)
NewTokenCallback = CFUNCTYPE(None, Conn, c_char_p, c_uint64, c_void_p)
ReadCallback = CFUNCTYPE(c_ssize_t, POINTER(c_uint8), c_size_t, c_void_p)
SendCallback = CFUNCTYPE(None, Conn, Error, Result, c_void_p)
ReplyCallback = CFUNCTYPE(None, Conn, Error, Reply, c_void_p)
PoolSendCallback = CFUNCTYPE(None, Pool, Error, Result, c_void_p)
PoolCallback = CFUNCTYPE(None, Pool, c_void_p)
PoolLogCallback = CFUNCTYPE(None, Pool, c_uint32, c_int, c_int, c_char_p, c_size_t, c_void_p)
PoolTokenCallback = CFUNCTYPE(None, Pool, c_char_p, c_uint64, c_void_p)


class Function(NamedTuple):
    """A function of the library; `restype` is None for void."""

    name: str
    argtypes: list[Any]
    restype: Any


FUNCTIONS = (
    # Version
    Function("smtpconn_version", [], c_char_p),
    Function("smtpconn_version_number", [], c_int),
    # Error codes
    Function("smtpconn_code_name", [c_int], c_char_p),
    Function("smtpconn_code_text", [c_int], c_char_p),
    # Kinds of failures
    Function("smtpconn_kind_name", [c_int], c_char_p),
    # Error objects
    Function("smtpconn_error_code", [Error], c_int),
    Function("smtpconn_error_name", [Error], c_char_p),
    Function("smtpconn_error_kind", [Error], c_int),
    Function("smtpconn_error_message", [Error], c_char_p),
    Function("smtpconn_error_response", [Error], c_char_p),
    Function("smtpconn_error_response_code", [Error], c_int),
    Function("smtpconn_error_enhanced", [Error], c_char_p),
    Function("smtpconn_error_command", [Error], c_char_p),
    Function("smtpconn_error_phase", [Error], c_char_p),
    Function("smtpconn_error_recipient", [Error], c_char_p),
    Function("smtpconn_error_errno", [Error], c_int),
    Function("smtpconn_error_tls_reason", [Error], c_char_p),
    Function("smtpconn_error_certificate_names", [Error], c_char_p),
    Function("smtpconn_error_address", [Error], c_char_p),
    Function("smtpconn_error_retry", [Error], c_int),
    Function("smtpconn_error_copy", [Error], Error),
    Function("smtpconn_error_free", [Error], None),
    # Options
    Function("smtpconn_options_new", [], Options),
    Function("smtpconn_options_free", [Options], None),
    Function("smtpconn_options_last_error", [Options], Error),
    Function("smtpconn_options_set_host", [Options, c_char_p], c_int),
    Function("smtpconn_options_host", [Options], c_char_p),
    Function("smtpconn_options_set_port", [Options, c_int], c_int),
    Function("smtpconn_options_port", [Options], c_int),
    Function("smtpconn_options_set_secure", [Options, c_int], c_int),
    Function("smtpconn_options_secure", [Options], c_int),
    Function("smtpconn_options_set_ignore_tls", [Options, c_int], c_int),
    Function("smtpconn_options_ignore_tls", [Options], c_int),
    Function("smtpconn_options_set_require_tls", [Options, c_int], c_int),
    Function("smtpconn_options_require_tls", [Options], c_int),
    Function("smtpconn_options_set_opportunistic_tls", [Options, c_int], c_int),
    Function("smtpconn_options_opportunistic_tls", [Options], c_int),
    Function("smtpconn_options_set_lmtp", [Options, c_int], c_int),
    Function("smtpconn_options_lmtp", [Options], c_int),
    Function("smtpconn_options_set_socket_path", [Options, c_char_p], c_int),
    Function("smtpconn_options_socket_path", [Options], c_char_p),
    Function("smtpconn_options_set_local_address", [Options, c_char_p], c_int),
    Function("smtpconn_options_local_address", [Options], c_char_p),
    Function("smtpconn_options_set_local_port", [Options, c_int], c_int),
    Function("smtpconn_options_local_port", [Options], c_int),
    Function("smtpconn_options_set_address_family", [Options, c_int], c_int),
    Function("smtpconn_options_address_family", [Options], c_int),
    Function("smtpconn_options_set_tcp_keepalive_idle", [Options, c_int], c_int),
    Function("smtpconn_options_tcp_keepalive_idle", [Options], c_int),
    Function("smtpconn_options_set_tcp_keepalive_interval", [Options, c_int], c_int),
    Function("smtpconn_options_tcp_keepalive_interval", [Options], c_int),
    Function("smtpconn_options_set_tcp_keepalive_count", [Options, c_int], c_int),
    Function("smtpconn_options_tcp_keepalive_count", [Options], c_int),
    Function("smtpconn_options_set_receive_buffer_size", [Options, c_int], c_int),
    Function("smtpconn_options_receive_buffer_size", [Options], c_int),
    Function("smtpconn_options_set_send_buffer_size", [Options, c_int], c_int),
    Function("smtpconn_options_send_buffer_size", [Options], c_int),
    Function("smtpconn_options_set_proxy", [Options, c_char_p], c_int),
    Function("smtpconn_options_proxy", [Options], c_char_p),
    Function("smtpconn_options_set_proxy_user", [Options, c_char_p], c_int),
    Function("smtpconn_options_proxy_user", [Options], c_char_p),
    Function("smtpconn_options_set_proxy_password", [Options, c_char_p], c_int),
    Function("smtpconn_options_set_proxy_from_environment", [Options, c_int], c_int),
    Function("smtpconn_options_proxy_from_environment", [Options], c_int),
    Function("smtpconn_options_set_proxy_token_endpoint", [Options, c_int], c_int),
    Function("smtpconn_options_proxy_token_endpoint", [Options], c_int),
    Function("smtpconn_options_set_socket", [Options, c_int], c_int),
    Function("smtpconn_options_socket", [Options], c_int),
    Function("smtpconn_options_set_connection", [Options, c_int], c_int),
    Function("smtpconn_options_connection", [Options], c_int),
    Function("smtpconn_options_set_secured", [Options, c_int], c_int),
    Function("smtpconn_options_secured", [Options], c_int),
    Function("smtpconn_options_set_name", [Options, c_char_p], c_int),
    Function("smtpconn_options_name", [Options], c_char_p),
    Function("smtpconn_options_set_dns_timeout", [Options, c_uint32], c_int),
    Function("smtpconn_options_dns_timeout", [Options], c_uint32),
    Function("smtpconn_options_set_connection_timeout", [Options, c_uint32], c_int),
    Function("smtpconn_options_connection_timeout", [Options], c_uint32),
    Function("smtpconn_options_set_greeting_timeout", [Options, c_uint32], c_int),
    Function("smtpconn_options_greeting_timeout", [Options], c_uint32),
    Function("smtpconn_options_set_socket_timeout", [Options, c_uint32], c_int),
    Function("smtpconn_options_socket_timeout", [Options], c_uint32),
    Function("smtpconn_options_set_command_timeout", [Options, c_uint32], c_int),
    Function("smtpconn_options_command_timeout", [Options], c_uint32),
    Function("smtpconn_options_set_final_reply_timeout", [Options, c_uint32], c_int),
    Function("smtpconn_options_final_reply_timeout", [Options], c_uint32),
    Function("smtpconn_options_set_quit_timeout", [Options, c_uint32], c_int),
    Function("smtpconn_options_quit_timeout", [Options], c_uint32),
    Function("smtpconn_options_set_operation_timeout", [Options, c_uint32], c_int),
    Function("smtpconn_options_operation_timeout", [Options], c_uint32),
    Function("smtpconn_options_set_chunking", [Options, c_int], c_int),
    Function("smtpconn_options_chunking", [Options], c_int),
    Function("smtpconn_options_set_ignored_capabilities", [Options, c_char_p], c_int),
    Function("smtpconn_options_ignored_capabilities", [Options], c_char_p),
    Function("smtpconn_options_set_auth_method", [Options, c_char_p], c_int),
    Function("smtpconn_options_auth_method", [Options], c_char_p),
    Function("smtpconn_options_set_channel_binding", [Options, c_char_p], c_int),
    Function("smtpconn_options_channel_binding", [Options], c_char_p),
    Function("smtpconn_options_set_initial_response", [Options, c_int], c_int),
    Function("smtpconn_options_initial_response", [Options], c_int),
    Function("smtpconn_options_set_hello_after_login", [Options, c_int], c_int),
    Function("smtpconn_options_hello_after_login", [Options], c_int),
    Function(
        "smtpconn_options_set_custom_mechanism",
        [Options, c_char_p, MechanismCallback, ReleaseCallback, c_void_p],
        c_int,
    ),
    Function("smtpconn_exchange_respond", [Exchange, c_void_p, c_size_t], c_int),
    Function("smtpconn_exchange_fail", [Exchange, c_char_p], c_int),
    Function("smtpconn_options_set_allow_insecure_auth", [Options, c_int], c_int),
    Function("smtpconn_options_allow_insecure_auth", [Options], c_int),
    Function("smtpconn_options_set_tls_servername", [Options, c_char_p], c_int),
    Function("smtpconn_options_tls_servername", [Options], c_char_p),
    Function("smtpconn_options_set_tls_ca_file", [Options, c_char_p], c_int),
    Function("smtpconn_options_tls_ca_file", [Options], c_char_p),
    Function("smtpconn_options_set_tls_ca_directory", [Options, c_char_p], c_int),
    Function("smtpconn_options_tls_ca_directory", [Options], c_char_p),
    Function("smtpconn_options_set_tls_ca", [Options, c_char_p], c_int),
    Function("smtpconn_options_tls_ca", [Options], c_char_p),
    Function("smtpconn_options_set_tls_pins", [Options, c_char_p], c_int),
    Function("smtpconn_options_tls_pins", [Options], c_char_p),
    Function("smtpconn_options_set_tls_tlsa", [Options, c_char_p], c_int),
    Function("smtpconn_options_tls_tlsa", [Options], c_char_p),
    Function("smtpconn_options_set_tls_mta_sts", [Options, c_char_p], c_int),
    Function("smtpconn_options_tls_mta_sts", [Options], c_char_p),
    Function("smtpconn_options_set_tls_crl_file", [Options, c_char_p], c_int),
    Function("smtpconn_options_tls_crl_file", [Options], c_char_p),
    Function("smtpconn_options_set_tls_require_ocsp", [Options, c_int], c_int),
    Function("smtpconn_options_tls_require_ocsp", [Options], c_int),
    Function("smtpconn_options_set_tls_certificate_file", [Options, c_char_p], c_int),
    Function("smtpconn_options_tls_certificate_file", [Options], c_char_p),
    Function("smtpconn_options_set_tls_certificate", [Options, c_char_p], c_int),
    Function("smtpconn_options_tls_certificate", [Options], c_char_p),
    Function("smtpconn_options_set_tls_key_file", [Options, c_char_p], c_int),
    Function("smtpconn_options_tls_key_file", [Options], c_char_p),
    Function("smtpconn_options_set_tls_key", [Options, c_char_p], c_int),
    Function(
        "smtpconn_options_set_tls_key_password_callback",
        [Options, PasswordCallback, ReleaseCallback, c_void_p],
        c_int,
    ),
    Function("smtpconn_options_set_tls_ciphers", [Options, c_char_p], c_int),
    Function("smtpconn_options_tls_ciphers", [Options], c_char_p),
    Function("smtpconn_options_set_tls_cipher_suites", [Options, c_char_p], c_int),
    Function("smtpconn_options_tls_cipher_suites", [Options], c_char_p),
    Function("smtpconn_options_set_tls_groups", [Options, c_char_p], c_int),
    Function("smtpconn_options_tls_groups", [Options], c_char_p),
    Function("smtpconn_options_set_tls_min_version", [Options, c_char_p], c_int),
    Function("smtpconn_options_tls_min_version", [Options], c_char_p),
    Function("smtpconn_options_set_tls_max_version", [Options, c_char_p], c_int),
    Function("smtpconn_options_tls_max_version", [Options], c_char_p),
    Function("smtpconn_options_set_tls_alpn", [Options, c_char_p], c_int),
    Function("smtpconn_options_tls_alpn", [Options], c_char_p),
    Function(
        "smtpconn_options_set_tls_context_callback",
        [Options, TLSContextCallback, ReleaseCallback, c_void_p],
        c_int,
    ),
    Function(
        "smtpconn_options_set_tls_key_log_callback",
        [Options, TLSKeyLogCallback, ReleaseCallback, c_void_p],
        c_int,
    ),
    Function("smtpconn_options_set_tls_reject_unauthorized", [Options, c_int], c_int),
    Function("smtpconn_options_tls_reject_unauthorized", [Options], c_int),
    Function("smtpconn_options_set_tls_resumption", [Options, c_int], c_int),
    Function("smtpconn_options_tls_resumption", [Options], c_int),
    Function("smtpconn_options_take_tls_session", [Options, c_void_p, c_size_t], c_size_t),
    Function("smtpconn_options_add_tls_session", [Options, c_void_p, c_size_t], c_int),
    Function("smtpconn_options_set_transaction_log", [Options, c_int], c_int),
    Function("smtpconn_options_transaction_log", [Options], c_int),
    Function("smtpconn_options_set_debug", [Options, c_int], c_int),
    Function("smtpconn_options_debug", [Options], c_int),
    # Loop
    Function("smtpconn_loop_new", [], Loop),
    Function("smtpconn_loop_free", [Loop], None),
    Function("smtpconn_loop_run", [Loop], c_int),
    Function("smtpconn_loop_run_once", [Loop, c_int], c_int),
    Function("smtpconn_loop_fd", [Loop], c_int),
    Function("smtpconn_loop_dispatch", [Loop], c_int),
    Function("smtpconn_loop_timeout", [Loop], c_int),
    Function("smtpconn_loop_wakeup", [Loop], c_int),
    Function("smtpconn_timer_new", [Loop, TimerCallback, c_void_p], Timer),
    Function("smtpconn_timer_start", [Timer, c_uint32, c_uint32], c_int),
    Function("smtpconn_timer_stop", [Timer], c_int),
    Function("smtpconn_timer_free", [Timer], None),
    # Connection
    Function("smtpconn_new", [Options, Loop], Conn),
    Function("smtpconn_last_error", [Conn], Error),
    Function("smtpconn_set_user", [Conn, c_void_p], None),
    Function("smtpconn_user", [Conn], c_void_p),
    Function("smtpconn_set_connect_callback", [Conn, EventCallback, c_void_p], None),
    Function("smtpconn_set_error_callback", [Conn, ErrorCallback, c_void_p], None),
    Function("smtpconn_set_end_callback", [Conn, EventCallback, c_void_p], None),
    Function("smtpconn_set_log_callback", [Conn, LogCallback, c_void_p], None),
    Function("smtpconn_set_progress_callback", [Conn, ProgressCallback, c_void_p], None),
    Function("smtpconn_connect", [Conn, DoneCallback, c_void_p], c_int),
    Function("smtpconn_run", [Conn], c_int),
    Function("smtpconn_get_loop", [Conn], Loop),
    Function("smtpconn_stage", [Conn], c_int),
    Function("smtpconn_id", [Conn], c_char_p),
    Function("smtpconn_client_name", [Conn], c_char_p),
    Function("smtpconn_is_open", [Conn], c_int),
    Function("smtpconn_is_secure", [Conn], c_int),
    Function("smtpconn_is_authenticated", [Conn], c_int),
    Function("smtpconn_tls_version", [Conn], c_char_p),
    Function("smtpconn_tls_cipher", [Conn], c_char_p),
    Function("smtpconn_tls_peer_name", [Conn], c_char_p),
    Function("smtpconn_tls_resumed", [Conn], c_int),
    Function("smtpconn_tls_certificate_count", [Conn], c_size_t),
    Function("smtpconn_tls_certificate", [Conn, c_size_t, POINTER(c_size_t)], c_void_p),
    Function("smtpconn_tls_certificate_subject", [Conn, c_size_t], c_char_p),
    Function("smtpconn_tls_certificate_issuer", [Conn, c_size_t], c_char_p),
    Function("smtpconn_tls_certificate_names", [Conn, c_size_t], c_char_p),
    Function("smtpconn_tls_certificate_not_before", [Conn, c_size_t], c_char_p),
    Function("smtpconn_tls_certificate_not_after", [Conn, c_size_t], c_char_p),
    Function("smtpconn_remote_address", [Conn], c_char_p),
    Function("smtpconn_time", [Conn, c_int], c_int),
    Function("smtpconn_last_response", [Conn], c_char_p),
    Function("smtpconn_has_capability", [Conn, c_char_p], c_int),
    Function("smtpconn_capability_parameters", [Conn, c_char_p], c_char_p),
    Function("smtpconn_capability_count", [Conn], c_size_t),
    Function("smtpconn_capability_line", [Conn, c_size_t], c_char_p),
    # Authentication
    Function("smtpconn_auth_new", [], Auth),
    Function("smtpconn_auth_free", [Auth], None),
    Function("smtpconn_auth_last_error", [Auth], Error),
    Function("smtpconn_options_set_url", [Options, c_char_p, Auth], c_int),
    Function("smtpconn_auth_set_user", [Auth, c_char_p], c_int),
    Function("smtpconn_auth_set_password", [Auth, c_char_p], c_int),
    Function("smtpconn_auth_set_authorization_identity", [Auth, c_char_p], c_int),
    Function("smtpconn_auth_set_access_token", [Auth, c_char_p, c_uint64], c_int),
    Function(
        "smtpconn_auth_set_token_callback", [Auth, TokenCallback, ReleaseCallback, c_void_p], c_int
    ),
    Function("smtpconn_token_request_provide", [TokenRequest, c_char_p, c_uint64], c_int),
    Function("smtpconn_token_request_fail", [TokenRequest, c_char_p], c_int),
    Function("smtpconn_auth_set_service_account", [Auth, c_char_p, c_char_p], c_int),
    Function("smtpconn_auth_set_refresh_token", [Auth, c_char_p], c_int),
    Function("smtpconn_auth_set_client", [Auth, c_char_p, c_char_p], c_int),
    Function("smtpconn_auth_set_scope", [Auth, c_char_p], c_int),
    Function("smtpconn_auth_set_access_url", [Auth, c_char_p], c_int),
    Function("smtpconn_set_token_callback", [Conn, NewTokenCallback, c_void_p], None),
    Function("smtpconn_login", [Conn, Auth, DoneCallback, c_void_p], c_int),
    # Envelope
    Function("smtpconn_envelope_new", [], Envelope),
    Function("smtpconn_envelope_free", [Envelope], None),
    Function("smtpconn_envelope_last_error", [Envelope], Error),
    Function("smtpconn_envelope_set_from", [Envelope, c_char_p], c_int),
    Function("smtpconn_envelope_from", [Envelope], c_char_p),
    Function("smtpconn_envelope_add_to", [Envelope, c_char_p], c_int),
    Function("smtpconn_envelope_to_count", [Envelope], c_size_t),
    Function("smtpconn_envelope_to", [Envelope, c_size_t], c_char_p),
    Function("smtpconn_envelope_set_size", [Envelope, c_uint64], c_int),
    Function("smtpconn_envelope_size", [Envelope], c_uint64),
    Function("smtpconn_envelope_set_use_8bitmime", [Envelope, c_int], c_int),
    Function("smtpconn_envelope_use_8bitmime", [Envelope], c_int),
    Function("smtpconn_envelope_set_use_binarymime", [Envelope, c_int], c_int),
    Function("smtpconn_envelope_use_binarymime", [Envelope], c_int),
    Function("smtpconn_envelope_set_use_smtputf8", [Envelope, c_int], c_int),
    Function("smtpconn_envelope_use_smtputf8", [Envelope], c_int),
    Function("smtpconn_envelope_set_require_tls", [Envelope, c_int], c_int),
    Function("smtpconn_envelope_require_tls", [Envelope], c_int),
    Function("smtpconn_envelope_set_all_or_none", [Envelope, c_int], c_int),
    Function("smtpconn_envelope_all_or_none", [Envelope], c_int),
    Function("smtpconn_envelope_set_mt_priority", [Envelope, c_int], c_int),
    Function("smtpconn_envelope_mt_priority", [Envelope], c_int),
    Function("smtpconn_envelope_set_deliver_by", [Envelope, c_char_p], c_int),
    Function("smtpconn_envelope_deliver_by", [Envelope], c_char_p),
    Function("smtpconn_envelope_set_hold_for", [Envelope, c_int], c_int),
    Function("smtpconn_envelope_hold_for", [Envelope], c_int),
    Function("smtpconn_envelope_set_hold_until", [Envelope, c_char_p], c_int),
    Function("smtpconn_envelope_hold_until", [Envelope], c_char_p),
    Function("smtpconn_envelope_set_auth_sender", [Envelope, c_char_p], c_int),
    Function("smtpconn_envelope_auth_sender", [Envelope], c_char_p),
    Function("smtpconn_envelope_set_solicit", [Envelope, c_char_p], c_int),
    Function("smtpconn_envelope_solicit", [Envelope], c_char_p),
    Function("smtpconn_envelope_set_parameter", [Envelope, c_char_p, c_char_p], c_int),
    Function("smtpconn_envelope_parameter", [Envelope, c_char_p], c_char_p),
    Function("smtpconn_envelope_set_dsn_ret", [Envelope, c_char_p], c_int),
    Function("smtpconn_envelope_dsn_ret", [Envelope], c_char_p),
    Function("smtpconn_envelope_set_dsn_envid", [Envelope, c_char_p], c_int),
    Function("smtpconn_envelope_dsn_envid", [Envelope], c_char_p),
    Function("smtpconn_envelope_set_dsn_notify", [Envelope, c_char_p], c_int),
    Function("smtpconn_envelope_dsn_notify", [Envelope], c_char_p),
    Function("smtpconn_envelope_set_dsn_orcpt", [Envelope, c_char_p], c_int),
    Function("smtpconn_envelope_dsn_orcpt", [Envelope], c_char_p),
    Function("smtpconn_envelope_set_to_dsn_notify", [Envelope, c_size_t, c_char_p], c_int),
    Function("smtpconn_envelope_to_dsn_notify", [Envelope, c_size_t], c_char_p),
    Function("smtpconn_envelope_set_to_dsn_orcpt", [Envelope, c_size_t, c_char_p], c_int),
    Function("smtpconn_envelope_to_dsn_orcpt", [Envelope, c_size_t], c_char_p),
    Function("smtpconn_envelope_set_to_rrvs", [Envelope, c_size_t, c_char_p], c_int),
    Function("smtpconn_envelope_to_rrvs", [Envelope, c_size_t], c_char_p),
    Function("smtpconn_envelope_set_to_parameter", [Envelope, c_size_t, c_char_p, c_char_p], c_int),
    Function("smtpconn_envelope_to_parameter", [Envelope, c_size_t, c_char_p], c_char_p),
    # Message
    Function("smtpconn_message_new_copy", [c_void_p, c_size_t], Message),
    Function(
        "smtpconn_message_new_borrowed", [c_void_p, c_size_t, ReleaseCallback, c_void_p], Message
    ),
    Function("smtpconn_message_new_reader", [ReadCallback, ReleaseCallback, c_void_p], Message),
    Function("smtpconn_message_new_descriptor", [c_int], Message),
    Function("smtpconn_message_free", [Message], None),
    # Send
    Function("smtpconn_send", [Conn, Envelope, Message, SendCallback, c_void_p], c_int),
    Function(
        "smtpconn_send_packed",
        [Conn, Envelope, c_char_p, c_size_t, c_void_p, c_size_t, c_int, SendCallback, c_void_p],
        c_int,
    ),
    Function("smtpconn_resume", [Conn], c_int),
    Function("smtpconn_result_count", [Result], c_size_t),
    Function("smtpconn_result_accepted_count", [Result], c_size_t),
    Function("smtpconn_result_rejected_count", [Result], c_size_t),
    Function("smtpconn_result_recipient", [Result, c_size_t], c_char_p),
    Function("smtpconn_result_status", [Result, c_size_t], c_int),
    Function("smtpconn_result_command", [Result, c_size_t], c_char_p),
    Function("smtpconn_result_response_code", [Result, c_size_t], c_int),
    Function("smtpconn_result_enhanced", [Result, c_size_t], c_char_p),
    Function("smtpconn_result_recipient_response", [Result, c_size_t], c_char_p),
    Function("smtpconn_result_error", [Result, c_size_t], Error),
    Function("smtpconn_result_response", [Result], c_char_p),
    Function("smtpconn_result_queue_id", [Result], c_char_p),
    Function("smtpconn_result_envelope_time", [Result], c_uint64),
    Function("smtpconn_result_message_time", [Result], c_uint64),
    Function("smtpconn_result_time", [Result, c_int], c_int),
    Function("smtpconn_result_message_size", [Result], c_uint64),
    Function("smtpconn_result_tries", [Result], c_int),
    Function("smtpconn_result_retry_error", [Result], Error),
    Function("smtpconn_result_copy", [Result], Result),
    Function("smtpconn_result_free", [Result], None),
    # Other commands
    Function("smtpconn_reply_code", [Reply], c_int),
    Function("smtpconn_reply_enhanced", [Reply], c_char_p),
    Function("smtpconn_reply_response", [Reply], c_char_p),
    Function("smtpconn_reply_line_count", [Reply], c_size_t),
    Function("smtpconn_reply_line", [Reply, c_size_t], c_char_p),
    Function("smtpconn_reply_copy", [Reply], Reply),
    Function("smtpconn_reply_free", [Reply], None),
    Function("smtpconn_noop", [Conn, ReplyCallback, c_void_p], c_int),
    Function("smtpconn_verify", [Conn, c_char_p, ReplyCallback, c_void_p], c_int),
    Function("smtpconn_expand", [Conn, c_char_p, ReplyCallback, c_void_p], c_int),
    Function("smtpconn_etrn", [Conn, c_char_p, ReplyCallback, c_void_p], c_int),
    Function("smtpconn_hello", [Conn, ReplyCallback, c_void_p], c_int),
    Function(
        "smtpconn_xclient", [Conn, POINTER(c_char_p), c_size_t, ReplyCallback, c_void_p], c_int
    ),
    Function(
        "smtpconn_xforward", [Conn, POINTER(c_char_p), c_size_t, ReplyCallback, c_void_p], c_int
    ),
    Function("smtpconn_command", [Conn, c_char_p, c_int, ReplyCallback, c_void_p], c_int),
    # Records
    Function("smtpconn_keep_done", [Conn, Error, c_void_p], None),
    Function("smtpconn_keep_sent", [Conn, Error, Result, c_void_p], None),
    Function("smtpconn_keep_reply", [Conn, Error, Reply, c_void_p], None),
    Function("smtpconn_keep_connected", [Conn, c_void_p], None),
    Function("smtpconn_keep_ended", [Conn, c_void_p], None),
    Function("smtpconn_keep_error", [Conn, Error, c_void_p], None),
    Function("smtpconn_keep_log", [Conn, c_int, c_int, c_char_p, c_size_t, c_void_p], None),
    Function("smtpconn_keep_token", [Conn, c_char_p, c_uint64, c_void_p], None),
    Function("smtpconn_keep_progress", [Conn, c_uint64, c_uint64, c_void_p, c_void_p], None),
    Function(
        "smtpconn_loop_take_records", [Loop, c_void_p, c_size_t, POINTER(c_size_t)], c_ssize_t
    ),
    Function(
        "smtpconn_loop_dispatch_records", [Loop, c_void_p, c_size_t, POINTER(c_size_t)], c_ssize_t
    ),
    Function("smtpconn_take_records", [Conn, c_void_p, c_size_t, POINTER(c_size_t)], c_ssize_t),
    # Ending a connection
    Function("smtpconn_reset", [Conn, DoneCallback, c_void_p], c_int),
    Function("smtpconn_quit", [Conn, DoneCallback, c_void_p], c_int),
    Function("smtpconn_cancel", [Conn], c_int),
    Function("smtpconn_withdraw", [Conn, c_void_p], c_int),
    Function("smtpconn_close", [Conn], None),
    Function("smtpconn_free", [Conn], None),
    # Pool
    Function("smtpconn_pool_new", [Options, Auth, Loop], Pool),
    Function("smtpconn_pool_last_error", [Pool], Error),
    Function("smtpconn_pool_get_loop", [Pool], Loop),
    Function("smtpconn_pool_run", [Pool], c_int),
    Function("smtpconn_pool_set_connections", [Pool, c_int], c_int),
    Function("smtpconn_pool_set_messages_per_connection", [Pool, c_int], c_int),
    Function("smtpconn_pool_set_rate", [Pool, c_int, c_uint32], c_int),
    Function("smtpconn_pool_set_recipient_rate", [Pool, c_int, c_uint32], c_int),
    Function("smtpconn_pool_set_idle_time", [Pool, c_uint32], c_int),
    Function("smtpconn_pool_set_backoff", [Pool, c_uint32, c_uint32], c_int),
    Function("smtpconn_pool_set_failures", [Pool, c_int], c_int),
    Function("smtpconn_pool_set_tries", [Pool, c_int, c_uint32, c_uint32], c_int),
    Function("smtpconn_pool_set_queue_limit", [Pool, c_size_t], c_int),
    Function("smtpconn_pool_set_room_callback", [Pool, PoolCallback, c_void_p], None),
    Function("smtpconn_pool_set_log_callback", [Pool, PoolLogCallback, c_void_p], None),
    Function("smtpconn_pool_set_token_callback", [Pool, PoolTokenCallback, c_void_p], None),
    Function("smtpconn_pool_send", [Pool, Envelope, Message, PoolSendCallback, c_void_p], c_int),
    Function(
        "smtpconn_pool_send_packed",
        [Pool, Envelope, c_char_p, c_size_t, c_void_p, c_size_t, c_int, PoolSendCallback, c_void_p],
        c_int,
    ),
    Function("smtpconn_pool_keep_sent", [Pool, Error, Result, c_void_p], None),
    Function("smtpconn_pool_withdraw", [Pool, c_void_p], c_int),
    Function("smtpconn_pool_pause", [Pool], c_int),
    Function("smtpconn_pool_resume", [Pool], c_int),
    Function("smtpconn_pool_drain", [Pool, PoolCallback, c_void_p], c_int),
    Function("smtpconn_pool_close", [Pool], None),
    Function("smtpconn_pool_free", [Pool], None),
    Function("smtpconn_pool_count", [Pool, c_int], c_uint64),
    # A connection without a socket
    Function("smtpconn_new_without_socket", [Options], Conn),
    Function("smtpconn_feed", [Conn, c_void_p, c_size_t, c_uint64], c_ssize_t),
    Function("smtpconn_feed_end", [Conn, c_int, c_uint64], c_int),
    Function("smtpconn_take", [Conn, c_void_p, c_size_t, c_uint64], c_ssize_t),
    Function("smtpconn_wants_take", [Conn], c_int),
    Function("smtpconn_deadline", [Conn], c_uint64),
    Function("smtpconn_tick", [Conn, c_uint64], c_int),
)
