"""How Sphinx builds the site: `make docs`. It needs the extra `docs`, neither the extension nor a network."""

import os
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS / "_ext"), str(DOCS.parent), str(DOCS.parent / "src")]
os.environ |= {"CYJSON_PURE": "1", "CYJSON_REQUIRE_NATIVE": "0"}  # docstrings are the same without the extension

import cyjson  # noqa: E402

project = "cyjson"
author = "cyjson contributors"
project_copyright = author
version = release = cyjson.__version__
language = "en"

extensions = ["myst_parser", "sphinx_copybutton", "sphinx_design", "api", "repository", "figures", "accessible"]
exclude_patterns = ["_ext"]
nitpicky = False  # annotations name what isn't documented here: Callable, Buffer

myst_enable_extensions = ["colon_fence", "attrs_block"]
myst_heading_anchors = 4

add_module_names = False
maximum_signature_line_length = 88
python_use_unqualified_type_names = True
toc_object_entries = False  # a page of the reference has a heading for each name
highlight_language = "none"

html_theme = "furo"
html_title = f"cyjson {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_favicon = "_static/favicon.svg"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True, "top_of_page_buttons": []}

copybutton_exclude = ".linenos, .gp, .go"  # prompts and output of sessions
