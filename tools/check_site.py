"""Check the built site without a network: ``python tools/check_site.py build/docs``.

Every link and picture leads to a file of the site, and to an element there where it names one; nothing that a page
loads comes from elsewhere; no two elements of a page have the same id.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {("script", "src"), ("img", "src"), ("source", "src"), ("iframe", "src"), ("link", "href")}
NOT_LOADED = {"canonical", "author", "next", "prev", "index", "search", "alternate"}  # kinds of <link> that name a page


class Page(HTMLParser):
    """What a page names: ids, links to follow, and what a browser loads by itself."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if given.get("id"):
            self.ids.append(given["id"] or "")
        for name, value in attributes:
            if value is None or name not in ("href", "src"):
                continue
            of_page = tag == "link" and set((given.get("rel") or "").split()) & NOT_LOADED
            (self.loaded if (tag, name) in LOADED and not of_page else self.links).append(value)


def faults(site: Path) -> list[str]:
    """What is wrong, each with the page where it is."""
    pages = {path: Page(path) for path in sorted(site.rglob("*.html"))}
    found = []
    for path, page in pages.items():
        name = path.relative_to(site).as_posix()
        found += [f"{name}: the id {each!r} twice" for each, count in Counter(page.ids).items() if count > 1]
        for link in page.loaded:
            if re.match(r"(https?:)?//", link):
                found.append(f"{name}: loads {link}")
        for link in page.links + page.loaded:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path.resolve()
            if not target.is_file():
                found.append(f"{name}: nothing at {link}")
            elif parts.fragment and target.suffix == ".html":
                other = pages.get(site / target.relative_to(site.resolve()))
                if other is not None and unquote(parts.fragment) not in other.ids:
                    found.append(f"{name}: no place {link}")
    for path in sorted(site.rglob("*.css")):
        for link in re.findall(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)", path.read_text(encoding="utf-8")):
            if re.match(r"(https?:)?//", "".join(link)):
                found.append(f"{path.relative_to(site).as_posix()}: loads {''.join(link)}")
    if len(pages) < 20:
        found.append(f"only {len(pages)} pages in {site}")
    return found


def main() -> int:
    site = Path(sys.argv[1])
    found = faults(site)
    count = len(list(site.rglob("*.html")))
    print("\n".join(found) if found else f"{count} pages in {site}: every link leads somewhere")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
