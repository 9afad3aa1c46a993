"""Writes the bill of materials of an installed tree, as SPDX 2.3 in JSON:
sbom.py FOLDER VERSION COMPILER, where COMPILER is what `swiftc --version` prints.

The time is SOURCE_DATE_EPOCH, and the document has its name from what it describes, so that
two of the same tree are equal.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

Entry = dict[str, Any]

#: Parts of the Swift standard library are compiled in; its exception asks for no notice.
SWIFT_LICENCE = "Apache-2.0 WITH Swift-exception"
KINDS = {".h": "SOURCE", ".c": "SOURCE", ".so": "BINARY", ".a": "ARCHIVE"}


def digest(octets: bytes, algorithm: str) -> str:
    return hashlib.new(algorithm, octets).hexdigest()


def file_entry(folder: Path, path: Path) -> Entry:
    octets = path.read_bytes()
    name = path.relative_to(folder).as_posix()
    suffix = ".so" if ".so" in path.name else path.suffix
    return {
        "SPDXID": "SPDXRef-File-" + re.sub(r"[^A-Za-z0-9.-]", "-", name),
        "fileName": f"./{name}",
        "fileTypes": [KINDS.get(suffix, "TEXT")],
        "checksums": [
            {"algorithm": "SHA1", "checksumValue": digest(octets, "sha1")},
            {"algorithm": "SHA256", "checksumValue": digest(octets, "sha256")},
        ],
        "licenseConcluded": "NOASSERTION",
        "copyrightText": "NOASSERTION",
    }


def package(identifier: str, name: str, version: str, licence: str, **more: object) -> Entry:
    entry: Entry = {
        "SPDXID": f"SPDXRef-{identifier}",
        "name": name,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": licence,
        "licenseDeclared": licence,
        "copyrightText": "NOASSERTION",
        **more,
    }
    if version:
        entry["versionInfo"] = version
    return entry


def relation(one: str, kind: str, other: str) -> Entry:
    return {
        "spdxElementId": f"SPDXRef-{one}",
        "relationshipType": kind,
        "relatedSpdxElement": f"SPDXRef-{other}",
    }


def document(folder: Path, version: str, compiler: str, seconds: int) -> Entry:
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    files = [file_entry(folder, path) for path in paths]
    # SPDX 2.3, 7.9: of the sorted SHA-1 digests of all files.
    digests = sorted(file["checksums"][0]["checksumValue"] for file in files)
    verification = digest("".join(digests).encode(), "sha1")
    found = re.search(r"Swift version (\S+)", compiler)
    swift = found[1] if found else ""
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
    own = package(
        "smtpconn",
        "smtpconn",
        version,
        "MIT",
        supplier="Organization: smtpconn authors",
        primaryPackagePurpose="LIBRARY",
        packageVerificationCode={"packageVerificationCodeValue": verification},
        hasFiles=[file["SPDXID"] for file in files],
        externalRefs=[
            {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": f"pkg:generic/smtpconn@{version}",
            }
        ],
    )
    own["filesAnalyzed"] = True
    own["copyrightText"] = "Copyright (c) 2026 smtpconn authors"
    own["licenseInfoFromFiles"] = ["NOASSERTION"]
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": folder.name,
        "documentNamespace": f"https://spdx.org/spdxdocs/{folder.name}-{verification}",
        "creationInfo": {"created": created, "creators": ["Tool: smtpconn-sbom"]},
        "packages": [
            own,
            package(
                "swift",
                "swift-standard-library",
                swift,
                SWIFT_LICENCE,
                comment="The parts that are used are compiled into the library (Embedded Swift).",
            ),
            package(
                "openssl",
                "openssl",
                "",
                "Apache-2.0",
                comment="libssl and libcrypto of the system, 3.0 or newer; not contained.",
            ),
            package(
                "glibc",
                "glibc",
                "",
                "LGPL-2.1-or-later",
                comment="libc.so.6 of the system, 2.34 or newer; not contained.",
            ),
        ],
        "files": files,
        "relationships": [
            relation("DOCUMENT", "DESCRIBES", "smtpconn"),
            relation("smtpconn", "STATIC_LINK", "swift"),
            relation("smtpconn", "DYNAMIC_LINK", "openssl"),
            relation("smtpconn", "DYNAMIC_LINK", "glibc"),
        ],
    }


def main() -> None:
    folder, version, compiler = sys.argv[1:]
    seconds = int(os.environ["SOURCE_DATE_EPOCH"])
    made = document(Path(folder).resolve(), version, compiler, seconds)
    json.dump(made, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
