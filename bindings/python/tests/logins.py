"""What the tests of logins have in common."""

from __future__ import annotations

import base64
from typing import Any

import smtpconn
from scripted_server import HELLO, ScriptedServer

REFUSAL = '{"status":"401","schemes":"bearer","scope":"https://mail.google.com/"}'


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def hello(mechanisms: str) -> str:
    return HELLO.replace("AUTH PLAIN LOGIN", f"AUTH {mechanisms}")


def xoauth2(token: str, *, good: bool) -> str:
    begin = "C: AUTH XOAUTH2 " + b64(f"user=user\1auth=Bearer {token}\1\1") + "\n"
    if good:
        return begin + "S: 235 2.7.0 ok"
    return begin + f"S: 334 {b64(REFUSAL)}\nC: \nS: 535 5.7.8 refused"


def open_to(server: ScriptedServer, **options: Any) -> smtpconn.Connection:
    return smtpconn.Connection("127.0.0.1", server.port, **options)
