"""The built site in a browser: `make test-docs`. Charts are drawn, the search finds, and nobody is shut out."""

import os
import sys
import time
from pathlib import Path

import pytest

SITE = os.environ.get("CYJSON_SITE")
if not SITE:
    pytest.skip("CYJSON_SITE names no built site: make test-docs", allow_module_level=True)

from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import Select, WebDriverWait  # noqa: E402
from support.browser import DESKTOP, PHONE, browser, said, served  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]
SITE = Path(SITE).resolve()
PAGE = (SITE / "benchmarks.html").as_uri()
AXE = Path(os.environ.get("CYJSON_NODE", ROOT / ".venv" / "node")) / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = os.environ.get("CYJSON_SCREENSHOTS")
READY = "#chooser[data-ready]"


@pytest.fixture(scope="module")
def desktop():
    with browser() as driver:
        yield driver


def opened(driver, address, ready="body"):
    driver.get("about:blank")
    said(driver)
    driver.get(address)
    WebDriverWait(driver, 30).until(lambda driver: driver.find_elements(By.CSS_SELECTOR, ready))
    return driver


def all_of(driver, selector):
    return driver.find_elements(By.CSS_SELECTOR, selector)


def one(driver, selector):
    return driver.find_element(By.CSS_SELECTOR, selector)


def picture(driver, name):
    """Kept for people to look at, where CYJSON_SCREENSHOTS names a folder."""
    if PICTURES:
        driver.save_screenshot(str(Path(PICTURES) / f"{name}.png"))


def labels(driver):
    return [each.text for each in all_of(driver, "#chart-of-means text:not(.faint)")]


# The page of benchmarks, opened as a file


def test_charts_are_drawn(desktop):
    opened(desktop, PAGE, READY)
    assert len(all_of(desktop, "#chart-of-means .bar")) >= 5
    assert len(all_of(desktop, "#chart-of-documents .bar")) >= 30
    assert len(all_of(desktop, "#chart-of-documents .spread")) >= 30
    assert "cyjson" in labels(desktop)
    assert "times as fast as json: cyjson" in one(desktop, "#chart-of-means svg").get_attribute("aria-label")
    assert "as fast as json" in one(desktop, "#chooser [role=status]").text
    assert not one(desktop, "#pictures").get_attribute("open")
    assert said(desktop) == []
    picture(desktop, "benchmarks")


def test_each_operation_is_drawn(desktop):
    opened(desktop, PAGE, READY)
    options = [each.get_attribute("value") for each in Select(one(desktop, "#chooser select")).options]
    assert len(options) >= 20
    for value in options:
        Select(one(desktop, "#chooser select")).select_by_value(value)
        assert len(all_of(desktop, "#chart-of-means .bar")) >= 2, value
        assert len(all_of(desktop, "#chart-of-means .ours")) == 1, value
        assert "NaN" not in one(desktop, "#chooser").get_attribute("innerHTML"), value
    assert said(desktop) == []


def test_speeds_relative_to_another(desktop):
    opened(desktop, PAGE, READY)
    Select(all_of(desktop, "#chooser select")[1]).select_by_visible_text("orjson")
    shown = labels(desktop)
    assert shown[shown.index("orjson") + 1] == "1.00×"
    assert "as fast as orjson" in one(desktop, "#chooser [role=status]").text
    assert "base=orjson" in desktop.current_url
    there = desktop.current_url
    opened(desktop, there, READY)  # the address brings the view back
    assert labels(desktop) == shown


def test_documents_and_contenders_are_chosen(desktop):
    opened(desktop, PAGE, READY)
    before = len(all_of(desktop, "#chart-of-documents .bar"))
    one(desktop, "#chooser input[value=geo]").click()
    assert "geo" not in [each.text for each in all_of(desktop, "#chart-of-documents .strong")]
    assert len(all_of(desktop, "#chart-of-documents .bar")) < before
    one(desktop, "#chooser input[value=ujson]").click()
    assert "ujson" not in labels(desktop)
    none = all_of(desktop, "#chooser fieldset")[0].find_elements(By.TAG_NAME, "button")[1]
    none.click()
    assert all_of(desktop, "#chart-of-means") == []
    assert one(desktop, "#chooser [role=status]").text == "Choose a document and a contender."
    assert said(desktop) == []


def test_figures_are_the_committed_ones(desktop):
    sys.path.insert(0, str(ROOT))
    from benchmarks.results import COMMITTED, Results

    mean = Results.load(COMMITTED).mean("decode-bytes", "cyjson")
    opened(desktop, PAGE + "#operation=decode-bytes", READY)
    shown = labels(desktop)
    assert shown[shown.index("cyjson") + 1] == f"{mean:.2f}×"
    desktop.execute_script("arguments[0].open = true", one(desktop, "#chooser details"))
    assert len(all_of(desktop, "#chooser tbody tr")) == len(all_of(desktop, "#chart-of-documents .bar"))


def test_by_keyboard(desktop):
    opened(desktop, PAGE, READY)
    first = one(desktop, "#chooser select")
    desktop.execute_script("arguments[0].focus()", first)
    before = one(desktop, "#chooser h2").text
    desktop.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
    assert one(desktop, "#chooser h2").text != before
    # The choices were made anew, and the focus is where it was.
    assert desktop.switch_to.active_element == one(desktop, "#chooser select")
    reached = set()
    for _ in range(60):
        desktop.switch_to.active_element.send_keys(Keys.TAB)
        active = desktop.switch_to.active_element
        reached.add(active.get_attribute("value") or active.text)
    assert {"json", "geo", "ssrjson", "All documents", "The same as a table"} <= reached
    box = one(desktop, "#chooser input[value=mesh]")
    desktop.execute_script("arguments[0].focus()", box)
    box.send_keys(Keys.SPACE)
    assert not box.is_selected() and "without=mesh" in desktop.current_url


def test_on_a_phone_and_in_the_dark():
    for name, size, dark in ("phone", PHONE, False), ("dark", DESKTOP, True), ("phone-dark", PHONE, True):
        with browser(size, dark=dark) as driver:
            opened(driver, PAGE, READY)
            wide = driver.execute_script("return document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 0, name
            assert len(all_of(driver, "#chart-of-means .bar")) >= 5
            ours = driver.execute_script("return getComputedStyle(document.querySelector('#chooser .ours')).fill")
            assert ours == ("rgb(88, 166, 255)" if dark else "rgb(11, 99, 206)")
            assert said(driver) == []
            picture(driver, f"benchmarks-{name}")
            driver.execute_script("document.getElementById('chart-of-means').scrollIntoView()")
            picture(driver, f"benchmarks-{name}-chart")


def test_without_scripts_there_are_pictures():
    with browser(scripts=False) as driver:
        opened(driver, PAGE)
        assert all_of(driver, "#chooser > *") == []
        assert one(driver, "#pictures").get_attribute("open")
        pictures = all_of(driver, "#pictures img")
        assert len(pictures) >= 15
        for each in pictures:
            assert each.is_displayed() and int(each.get_property("naturalWidth")) > 0
        picture(driver, "benchmarks-without-scripts")


# Everybody can read it


MOST = ["index.html", "errors.html", "benchmarks.html", "performance.html", "reference/lines.html"]
SOME = ["benchmarks.html", "reference/lines.html"]


@pytest.mark.parametrize("theme", ["light", "dark", "phone"])
def test_no_serious_finding_of_axe(theme):
    with browser(PHONE if theme == "phone" else DESKTOP, dark=theme == "dark") as driver:
        for name in MOST if theme == "light" else SOME:
            opened(driver, (SITE / name).as_uri(), READY if name == "benchmarks.html" else "body")
            driver.execute_script(AXE.read_text(encoding="utf-8"))
            found = driver.execute_async_script("axe.run().then(arguments[0])")
            serious = [
                (each["id"], node["target"], node["failureSummary"])
                for each in found["violations"]
                if each["impact"] in ("serious", "critical")
                for node in each["nodes"]
            ]
            assert serious == [], name
            assert len(found["passes"]) > 10
            picture(driver, f"{theme}-{name.replace('/', '-')}")


@pytest.mark.parametrize("name", ["index.html", "start.html", "reference/lines.html", "search.html"])
def test_pages_open_from_files_without_errors(desktop, name):
    opened(desktop, (SITE / name).as_uri())
    assert said(desktop) == []


# The search


QUESTIONS = {
    "dump or dumps": "dump-or-dumps-load-or-loads",
    "does dump create the file": "does-dump-create-the-file",
    "TypeError set": "typeerror-object-of-type-set-is-not-json-serializable",
    "path instead of a file": "attributeerror-str-object-has-no-attribute-write",
    "'str' object has no attribute 'write'": "attributeerror-str-object-has-no-attribute-write",
    "wrong mode": "unsupportedoperation-not-writable-not-readable",
    "not writable": "unsupportedoperation-not-writable-not-readable",
    "José \\u00e9": "why-is-jose-written-as-jos-u00e9",
    "\\u00e9": "why-is-jose-written-as-jos-u00e9",
}


def results_of(driver, address, question):
    from urllib.parse import quote

    opened(driver, f"{address}/search.html?q={quote(question)}")
    WebDriverWait(driver, 30).until(
        lambda driver: (
            "Search finished" in one(driver, "#search-results").text
            or "did not match" in one(driver, "#search-results").text
        )
    )
    time.sleep(0.2)  # the list is filled line by line
    return [each.get_attribute("href") for each in all_of(driver, "#search-results ul.search li > a")]


@pytest.fixture(scope="module")
def address():
    with served(SITE) as address:
        yield address


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_search_finds_the_answer(desktop, address, question):
    """The page with the answer is among the first results: `errors.html`, which has a heading for each."""
    found = results_of(desktop, address, question)
    pages = [each.split("/")[-1].split("#")[0].split("?")[0] for each in found]
    assert "errors.html" in pages[:5], found[:8]
    assert f'id="{QUESTIONS[question]}"' in (SITE / "errors.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["open_document", "cyjson.lines.load", "ValidationError"])
def test_the_search_finds_names(desktop, address, name):
    found = results_of(desktop, address, name)
    assert any("reference/" in each for each in found[:5]), found[:5]


def test_the_search_works_from_a_file(desktop):
    found = results_of(desktop, SITE.as_uri(), "sticky folder")
    assert any("files.html" in each for each in found)
