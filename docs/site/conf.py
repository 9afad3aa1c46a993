"""How Sphinx builds the documentation: `make docs`.

The sources are docs/, so that they can be read without being built.  This folder has what builds
them.
"""

import os
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

# The package as it is here, with the library that was built.
sys.path[:0] = [str(HERE), str(ROOT / "bindings" / "python" / "src")]
os.environ.setdefault("SMTPCONN_LIBRARY", str(ROOT / "build" / "libsmtpconn.so.0"))

import smtpconn  # noqa: E402

project = "smtpconn"
author = "the smtpconn authors"
copyright = "the smtpconn authors, MIT license"
version = release = smtpconn.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx_copybutton",
    "bench_chart",
    "c_reference",
]
exclude_patterns = ["site", "man"]

# Docstrings have code between single backticks.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_preserve_defaults = True
autodoc_mock_imports = ["django"]
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 72

myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence", "deflist"]

html_theme = "furo"
html_title = f"smtpconn {version}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
# No request leaves the reader's machine: the pages can be read from the disk.
html_theme_options = {"navigation_with_keys": True}
# The prompt is not copied.
copybutton_prompt_text = r"\$ |>>> "
copybutton_prompt_is_regexp = True

#: A link to a page of the repository that is not below docs/.
OUTSIDE = re.compile(r"\[([^\]]+)\]\(((?:\.\./)+(?:\w+/)*\w+\.md)(?:#[^)]*)?\)")
#: What belongs to the test of a program (bindings/python/tests/site_blocks.py).
HIDDEN = re.compile(r"<!-- (?:given|then)\n.*?-->\n", re.DOTALL)


def prepare_page(_app, docname, source):
    """A page outside of docs/ is no part of the site: the reader gets the file, as any other."""

    def replaced(found):
        target = (ROOT / "docs" / docname).parent / found[2]
        inside = target.resolve().is_relative_to(ROOT / "docs")
        return found[0] if inside else f"{{download}}`{found[1]} <{found[2]}>`"

    source[0] = OUTSIDE.sub(replaced, HIDDEN.sub("", source[0]))


def prepare_docstring(_app, _what, _name, _object, _options, lines):
    """Docstrings are plain text: a list may follow a line at once, a program is indented."""
    prepared, code, last = [], False, ""
    for line in lines:
        item = line.lstrip().startswith("- ")
        if item and last and not last.startswith((" ", "- ")):
            prepared.append("")
        if line.strip() and not line.startswith("    "):
            code = False
        elif not code and line.strip() and not last.startswith(("- ", "  ")) and not prepared[-1]:
            prepared += [".. code-block:: python", ""]
            code = True
        # An asterisk is one, but not inside of code.
        parts = [line] if code else line.split("`")
        parts[::2] = [part if code else part.replace("*", "\\*") for part in parts[::2]]
        prepared.append("`".join(parts))
        last = line if line.strip() else last
    lines[:] = prepared


def setup(app):
    app.connect("source-read", prepare_page)
    app.connect("autodoc-process-docstring", prepare_docstring)
