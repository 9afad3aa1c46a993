"""_ffi.py and _constants.py say the same as <smtpconn.h>."""

from __future__ import annotations

import ctypes
import enum
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

import smtpconn
from smtpconn import _constants, _ffi, _options, _table

HERE = Path(__file__).resolve()
HEADER_PATH = HERE.parents[3] / "include" / "smtpconn.h"
HEADER = re.sub(r"/\*.*?\*/", " ", HEADER_PATH.read_text(encoding="utf-8"), flags=re.DOTALL)
#: Without the preprocessor's lines, continued ones included.
CODE = re.sub(r"^#(?:.*\\\n)*.*$", "", HEADER, flags=re.MULTILINE)

SCALARS: dict[str, Any] = {
    "void": None,
    "int": ctypes.c_int,
    "size_t": ctypes.c_size_t,
    "ptrdiff_t": ctypes.c_ssize_t,
    "uint32_t": ctypes.c_uint32,
    "uint64_t": ctypes.c_uint64,
    "char *": ctypes.c_char_p,
    "char * *": ctypes.POINTER(ctypes.c_char_p),
    "void *": ctypes.c_void_p,
    "uint8_t *": ctypes.POINTER(ctypes.c_uint8),
    "size_t *": ctypes.POINTER(ctypes.c_size_t),
    "smtpconn *": _ffi.Conn,
    "smtpconn_auth *": _ffi.Auth,
    "smtpconn_envelope *": _ffi.Envelope,
    "smtpconn_error *": _ffi.Error,
    "smtpconn_loop *": _ffi.Loop,
    "smtpconn_message *": _ffi.Message,
    "smtpconn_options *": _ffi.Options,
    "smtpconn_pool *": _ffi.Pool,
    "smtpconn_reply *": _ffi.Reply,
    "smtpconn_result *": _ffi.Result,
    "smtpconn_timer *": _ffi.Timer,
    "smtpconn_exchange *": _ffi.Exchange,
    "smtpconn_token_request *": _ffi.TokenRequest,
    "smtpconn_mechanism_callback": _ffi.MechanismCallback,
    "smtpconn_password_callback": _ffi.PasswordCallback,
    "smtpconn_tls_context_callback": _ffi.TLSContextCallback,
    "smtpconn_tls_key_log_callback": _ffi.TLSKeyLogCallback,
    "smtpconn_token_callback": _ffi.TokenCallback,
    "smtpconn_new_token_callback": _ffi.NewTokenCallback,
    "smtpconn_done_callback": _ffi.DoneCallback,
    "smtpconn_event_callback": _ffi.EventCallback,
    "smtpconn_error_callback": _ffi.ErrorCallback,
    "smtpconn_log_callback": _ffi.LogCallback,
    "smtpconn_read_callback": _ffi.ReadCallback,
    "smtpconn_release_callback": _ffi.ReleaseCallback,
    "smtpconn_send_callback": _ffi.SendCallback,
    "smtpconn_reply_callback": _ffi.ReplyCallback,
    "smtpconn_timer_callback": _ffi.TimerCallback,
    "smtpconn_progress_callback": _ffi.ProgressCallback,
    "smtpconn_pool_send_callback": _ffi.PoolSendCallback,
    "smtpconn_pool_callback": _ffi.PoolCallback,
    "smtpconn_pool_log_callback": _ffi.PoolLogCallback,
    "smtpconn_pool_token_callback": _ffi.PoolTokenCallback,
}


def c_type(text: str) -> Any:
    """The type of "const char *" or of "const char *name"."""
    words = [word for word in re.findall(r"\w+|\*", text) if word != "const"]
    if len(words) > 1 and words[-1] != "*":
        words.pop()
    if words == ["char", "*"] and "const" not in text:
        return ctypes.POINTER(ctypes.c_char)  # A buffer to write to.
    return SCALARS[" ".join(words)]


def parameters(text: str) -> list[Any]:
    return [] if text.strip() == "void" else [c_type(part) for part in text.split(",")]


def prototypes() -> dict[str, tuple[list[Any], Any]]:
    code = re.sub(r"typedef[^;]*;|enum\s+\w+\s*\{[^}]*\};|extern \"C\" \{", "", CODE)
    found = re.findall(r"([\w\s*]+?)\b(smtpconn_\w+|smtpconn)\s*\(([^)]*)\)\s*;", code)
    return {name: (parameters(inside), c_type(result)) for result, name, inside in found}


def callbacks() -> dict[str, tuple[list[Any], Any]]:
    found = re.findall(r"typedef\s+(\w+)\s*\(\*(\w+)\)\s*\(([^)]*)\)\s*;", CODE)
    return {name: (parameters(inside), c_type(result)) for result, name, inside in found}


def enumeration(tag: str, prefix: str) -> dict[str, int]:
    match = re.search(rf"enum\s+{tag}\s*\{{([^}}]*)\}}", CODE)
    assert match, tag
    found = re.findall(rf"{prefix}(\w+)\s*=\s*(-?\d+)", match[1])
    return {name: int(number) for name, number in found}


def macro(name: str) -> str:
    match = re.search(rf"^#define {name}\s+(.*)$", HEADER, flags=re.MULTILINE)
    assert match, name
    return match[1].strip('"()')


def test_the_header_was_understood() -> None:
    # Every line that starts a declaration is found by the expression, so that none is overlooked.
    names = set(re.findall(r"\b(smtpconn_\w+)\s*\(", re.sub(r"typedef[^;]*;", "", CODE)))
    assert set(prototypes()) == names
    assert len(names) > 100


def test_the_same_functions_in_the_same_order() -> None:
    assert [function.name for function in _ffi.FUNCTIONS] == list(prototypes())


@pytest.mark.parametrize("function", _ffi.FUNCTIONS, ids=lambda function: str(function.name))
def test_function(function: _ffi.Function) -> None:
    assert (function.argtypes, function.restype) == prototypes()[function.name]


@pytest.mark.parametrize("name", list(callbacks()))
def test_callback(name: str) -> None:
    argtypes, restype = callbacks()[name]
    assert list(SCALARS[name]._argtypes_) == argtypes
    assert SCALARS[name]._restype_ == restype


def test_handles_are_distinct() -> None:
    handles = {value for text, value in SCALARS.items() if re.match(r"smtpconn\w* \*", text)}
    assert len(handles) == 13
    with pytest.raises(ctypes.ArgumentError):
        smtpconn._library.lib.smtpconn_is_open(_ffi.Envelope())


@pytest.mark.parametrize(
    ("python", "tag", "prefix"),
    [
        (_constants.ErrorCode, "smtpconn_code", "SMTPCONN_"),
        (_constants.FailureKind, "smtpconn_kind", "SMTPCONN_KIND_"),
        (_constants.Retry, "smtpconn_retry", "SMTPCONN_RETRY_"),
        (_constants.AddressFamily, "smtpconn_address_family", "SMTPCONN_FAMILY_"),
        (_constants.Chunking, "smtpconn_chunking", "SMTPCONN_CHUNKING_"),
        (_constants.Stage, "smtpconn_stage_number", "SMTPCONN_STAGE_"),
        (_constants.RecipientStatus, "smtpconn_recipient_status", "SMTPCONN_RECIPIENT_"),
        (_constants.TimePart, "smtpconn_time_part", "SMTPCONN_TIME_"),
        (_constants.LogLevel, "smtpconn_log_level", "SMTPCONN_LOG_"),
        (_constants.LogKind, "smtpconn_log_kind", "SMTPCONN_LOG_"),
    ],
)
def test_enumeration(python: type[enum.IntEnum], tag: str, prefix: str) -> None:
    assert {member.name: member.value for member in python} == enumeration(tag, prefix)


@pytest.mark.parametrize("name", ["READ_END", "READ_ERROR", "READ_PAUSE"])
def test_read_constant(name: str) -> None:
    assert getattr(_constants, name) == int(macro(f"SMTPCONN_{name}"))


def test_every_option_is_offered() -> None:
    setters = {name for name in prototypes() if name.startswith("smtpconn_options_set_")}
    # A URL is no option, and is read by Python: see test_url_in_c.py.
    setters.remove("smtpconn_options_set_url")
    offered = {*_table.OPTIONS, *_table.HOOKS.values()}
    assert {f"smtpconn_options_set_{name}" for name in offered} == setters


def test_every_option_can_be_carried() -> None:
    assert set(_table.OPTIONS.values()) == set(_options.CARRIERS)
    assert set(_table.HOOKS) == set(_options.CODE)


def test_every_option_is_an_argument() -> None:
    arguments = inspect.signature(smtpconn.Connection).parameters
    assert {*_table.OPTIONS, *_table.HOOKS} <= set(arguments)


def test_every_code_has_its_class() -> None:
    assert set(smtpconn._errors.CLASSES) == set(_constants.ErrorCode) - {_constants.ErrorCode.OK}


def test_one_version() -> None:
    assert smtpconn.__version__ == macro("SMTPCONN_VERSION")
    assert smtpconn.__version__ == smtpconn.library_version()
    project = (HERE.parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    assert '"smtpconn._version.__version__"' in project
    assert smtpconn.__version__ not in project
