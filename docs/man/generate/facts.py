"""What holds for every function of a kind, from the rules at the beginning of the header.

A function that has a rule of its own says so in its comment; what is here is for the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from declarations import Function, Header, Parameter
from prose import sentences

#: What an object is called, where the name of its type does not say it.
NOUNS = {"smtpconn": "connection", "smtpconn_auth": "credentials"}
#: Of which there is never one.
PLURALS = {"options", "credentials"}

#: Parameters that mean the same everywhere, by name.
PARAMETERS = {
    "user": "Is passed to the callback as it is; the library does not use it.",
    "release": "Is called once with `user` when the library will not use that again. "
    " NULL: nothing is called.",
    "index": "Counts from 0.",
    "capacity": "The size of `buffer` in octets.",
    "length": "The number of octets.",
    "count": "The number of elements.",
    "milliseconds": "The time in milliseconds.",
    "timeout": "The time in milliseconds.",
    "seconds": "The time in seconds.",
    "now": "The time in milliseconds, on a clock of the program that does not jump.",
    "octets": "Octets of any value; they need no NUL.",
    "buffer": "Memory of the caller, which the function writes.",
}

#: The objects that a callback gets and the program does not free.
LENT = {"smtpconn_error", "smtpconn_result", "smtpconn_reply"}


def handle(declared: str) -> str | None:
    """The opaque type that a type points to."""
    found = re.fullmatch(r"(?:const )?(smtpconn\w*) \*", declared)
    return found[1] if found else None


def noun(opaque: str | None) -> str:
    return NOUNS.get(opaque or "", (opaque or "").removeprefix("smtpconn_").replace("_", " "))


def is_setter(function: Function) -> bool:
    return re.search(r"_(?:set|add)_", function.name) is not None


def is_operation(function: Function, header: Header) -> bool:
    """It starts something of which a callback reports the end."""
    return (
        function.result == "int"
        and not is_setter(function)
        and any(each.type in header.callbacks for each in function.parameters)
    )


def runs_callbacks(header: Header) -> set[str]:
    """The functions inside of which callbacks run, as the rules name them."""
    found = re.search(
        r"^Callbacks\.\s+They run only inside (.*?), on the thread", header.rules, re.S
    )
    return set(re.findall(r"smtpconn_\w+", found[1])) if found else set()


def parameter(each: Parameter, function: Function, header: Header) -> str:
    opaque = handle(each.type)
    if opaque in header.types:
        first = each == function.parameters[0]
        word = noun(opaque)
        text = f"The {word}."
        if not first and opaque not in {"smtpconn", "smtpconn_loop"} | LENT:
            it = "They" if word in PLURALS else "It"
            text += f"  {it} may be freed as soon as the function has returned."
        return text
    if each.type in header.callbacks and each.name not in PARAMETERS:
        kept = f"A callback of the type {each.type}."
        if handle(function.result) in header.types:
            return f"{kept}  Without one the function returns NULL."
        return f"{kept}  NULL: nothing is called."
    if each.name in PARAMETERS:
        return PARAMETERS[each.name]
    enumeration = f"smtpconn_{each.name}"
    if each.type == "int" and enumeration in header.enumerations:
        return f"One of enum {enumeration}."
    if each.type == "const char *":
        return "A text in UTF-8 that ends with a NUL.  It is copied during the call."
    if is_setter(function) and each == function.parameters[-1]:
        return "The new value."
    if each.type.endswith("*") and not each.type.startswith("const"):
        return "Where the function writes a result; see above."
    return "See above."


def returned(function: Function, text: str, header: Header) -> str:
    """What a function of this form returns; the sentences of the comment come after it."""
    result = function.result
    if result == "void":
        return "Nothing."
    opaque = handle(result)
    if opaque in header.types and not result.startswith("const"):
        return f"The {noun(opaque)}, or NULL."
    if opaque in header.types:
        return f"The {noun(opaque)}, or NULL when there is none."
    if result == "const char *":
        return "The text, or NULL when there is none."
    if is_operation(function, header):
        return (
            "0 (SMTPCONN_OK) when the operation was started: the callback is then called exactly"
            " once.  A negative code when it was not: the callback is never called."
        )
    if is_setter(function) or (result == "int" and _has_code(text, header)):
        return "0 (SMTPCONN_OK) on success, or a negative code when nothing was done."
    if result == "int" and not _is_const(function):
        return "0 (SMTPCONN_OK), or what is said above; a negative code when nothing was done."
    return f"The value{_no_handle(function)}."


def _has_code(text: str, header: Header) -> bool:
    codes = header.enumerations.get("smtpconn_code")
    names = {each.name for each in codes.constants} if codes else set()
    return any(
        f"SMTPCONN_{word}" in names for word in re.findall(r"\bE[A-Z0-9]{3,}\b", text)
    ) or any(word in names for word in re.findall(r"\bSMTPCONN_E\w+", text))


def _is_const(function: Function) -> bool:
    """It changes no object."""
    return not function.parameters or function.parameters[0].type.startswith("const")


def _no_handle(function: Function) -> str:
    opaque = handle(function.parameters[0].type) if function.parameters else None
    if opaque is None:
        return ""
    word = noun(opaque)
    verb = "are" if word in PLURALS else "is"
    return f"; 0 when the {word} {verb} NULL, unless it says otherwise above"


def reports(function: Function, header: Header) -> str | None:
    """The function that has the reason, as an error object, when this one fails."""
    name = "smtpconn"
    if function.parameters and handle(function.parameters[0].type) not in (None, "smtpconn"):
        name = handle(function.parameters[0].type) or ""
    found = f"{name}_last_error"
    return found if found in header.functions and found != function.name else None


def ownership(function: Function, text: str, header: Header) -> Iterator[str]:
    """Who owns what goes in and what comes out."""
    opaque = handle(function.result)
    if (
        opaque in header.types
        and not function.result.startswith("const")
        and re.search(r"_(?:new|copy)", function.name)
    ):
        word = noun(opaque)
        belongs, it = ("belong", "them") if word in PLURALS else ("belongs", "it")
        yield f"The {word} {belongs} to the caller, who frees {it} with {opaque}_free."
    elif function.result == "const char *" and re.search(r"\bStatic\b", text):
        yield "The text is static: it is valid for ever."
    elif function.result in ("const char *", "const void *"):
        yield "What is returned belongs to the object that it was read from."
    elif opaque in LENT:
        yield f"The {noun(opaque)} belongs to the library: it is not freed."
    if function.name.endswith("_free"):
        name = handle(function.parameters[0].type) if function.parameters else None
        yield f"The {noun(name)} must not be used afterwards.  NULL: nothing is done."
    given = [each for each in function.parameters[1:] if each.type == "const char *"]
    if given:
        names = " and ".join(f"`{each.name}`" for each in given)
        yield f"The library copies {names} during the call."
    if any(each.name == "user" for each in function.parameters):
        yield "What `user` points to belongs to the caller."


def _has_loop(opaque: str | None, header: Header) -> bool:
    """Objects of the type are made for a loop."""
    new = header.functions.get(f"{opaque}_new")
    return new is not None and any(handle(each.type) == "smtpconn_loop" for each in new.parameters)


def threads(function: Function, text: str, header: Header) -> Iterator[str]:
    own = [each for each in sentences(" ".join(text.split("\n"))) if "any thread" in each]
    if own:
        return  # The comment has the rule.
    types = [handle(each.type) for each in function.parameters]
    if function.name in runs_callbacks(header):
        yield (
            "Callbacks run inside this function, on the thread that calls it.  It must not be"
            " called from a callback."
        )
    if not types or types[0] not in header.types:
        if handle(function.result) in header.types:
            yield "May be called from any thread."
        else:
            yield "May be called from any thread, and from a callback."
    elif types[0] in LENT and function.name.endswith("_free"):
        yield f"The copy of the {noun(types[0])} may be used by one thread at a time."
    elif types[0] in LENT:
        yield "To be called on the thread on which the callback runs that got the object."
    elif types[0] == "smtpconn_loop":
        yield "To be called on the thread that the loop belongs to."
    elif _has_loop(types[0], header):
        yield f"To be called on the thread that the loop of the {noun(types[0])} belongs to."
    else:
        yield f"The {noun(types[0])} may be used by one thread at a time."
