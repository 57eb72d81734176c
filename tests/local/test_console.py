"""The console's page in a real Chromium, on a stack with the real gateway, orchestrator and supervisor."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from seldon_infra.console.local import LocalSource
from seldon_infra.console.server import Console
from seldon_infra.console.updates import Updates
from seldon_infra.graph.spec import Model, Predictor, SeldonDeployment, Transformer
from seldon_infra.runtime.processes import ProcessSpec, Record
from seldon_infra.servers.spec import PythonServer
from seldon_infra.targets.spec import Local
from tests.local.orchestrator import graphs
from tests.local.orchestrator.odd_node import odd_node
from tests.local.scene import Scene, backend_spec, behind, load, route
from toolchain import chromium

pytestmark = [pytest.mark.local, pytest.mark.browser]

HOSTILE = "<img src=x onerror=alert(1)>"
PREDICTIONS = "/seldon/shop/fraud/api/v1.0/predictions"
UPDATE = {"kind": "update", "endTime": "2026-11-26T10:00:00Z", "result": "succeeded", "message": HOSTILE}
SERVER = PythonServer(source="x.py", class_name="X")
MODEL = Model(name="score", server=SERVER)
FRAUD = SeldonDeployment(
    name="fraud",
    namespace="shop",
    predictors=(Predictor(name="main", graph=Transformer(name="clean", server=SERVER, child=MODEL)),),
)
LATE = 60_000
"""Milliseconds within which the page shows what is there: it asks every two seconds, and the machine may be busy."""
expect.set_options(timeout=LATE)


@dataclass
class Shown:
    """A stack with its console."""

    scene: Scene
    secret: Record
    source: LocalSource

    @contextmanager
    def console(self) -> Iterator[Console]:
        with Console(self.source) as made:
            threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True).start()
            yield made
            made.shutdown()


@pytest.fixture(scope="module")
def shown(new_scene: Callable[[], Scene]) -> Iterator[Shown]:
    """Deployment ``fraud`` with a graph, one with a hostile name, and 120 more whose server is the same."""
    scene = new_scene()
    scene.start_gateway()
    with odd_node() as node:
        orchestrator = graphs.orchestrator(scene, FRAUD, {"clean": node, "score": node}, Local())
        scene.put(behind(orchestrator), namespace="shop", name="fraud", protocol="seldon")
        hostile = ["/bin/sh", "-c", f"echo 'GET {HOSTILE}' $TOKEN; exec {' '.join(backend_spec('b').command)}"]
        secret = scene.start(
            ProcessSpec(name="plain", command=hostile, ports=["http", "grpc"], environment={"TOKEN": "hush-hush"})
        )
        scene.put(behind(secret), name=HOSTILE, models=("<b>m</b>",))
        _write_more(scene, secret)
        yield Shown(scene, secret, LocalSource(scene.stack, "local", Updates(lambda: [UPDATE])))


def _write_more(scene: Scene, server: Record) -> None:
    """Routes as they are on disk; Envoy need not follow them all for a list to be long."""
    for number in range(120):
        made = route(behind(server), name=f"more-{number:03d}")
        (scene.gateway.folder / "routes.d" / f"ns.{made.name}.json").write_text(json.dumps(asdict(made)))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        environment: Any = os.environ | chromium.environment()
        # As root, as in a container, Chromium cannot make its sandbox; it opens this page alone.
        options: Mapping[str, Any] = {"executable_path": chromium.program(), "args": ["--no-sandbox"]}
        made = playwright.chromium.launch(env=environment, **options)
        yield made
        made.close()


@pytest.fixture(scope="module")
def console(shown: Shown) -> Iterator[Console]:
    with shown.console() as made:
        yield made


@dataclass
class Visit:
    """A page, and what it did that nobody wants."""

    page: Page
    wrong: list[str] = field(default_factory=list)

    def watch(self, console: Console) -> None:
        page, own = self.page, f"http://127.0.0.1:{console.port}/"
        page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (self.wrong.append("dialog"), dialog.dismiss()))
        page.on("console", lambda said: self.wrong.append(said.text) if said.type in ("error", "warning") else None)
        page.on("request", lambda sent: None if sent.url.startswith(own) else self.wrong.append(sent.url))


@pytest.fixture
def page(browser: Browser, console: Console) -> Iterator[Page]:
    """The console's page; whatever it says wrong, opens or fetches from elsewhere fails the test."""
    made = browser.new_page(viewport={"width": 1280, "height": 900})
    visit = Visit(made)
    visit.watch(console)
    made.goto(console.url)
    yield made
    made.close()
    assert visit.wrong == []


def test_a_graph_shows_live_numbers_on_nodes_and_edges(page: Page, console: Console, shown: Shown) -> None:
    page.goto(f"http://127.0.0.1:{console.port}/#/shop/fraud")
    expect(page.locator("#graph .node .name")).to_have_text(["clean", "score", re.compile("/seldon/shop/fraud")])
    number = re.compile(r"^[\d.]+/s · 0 % · [<\d.]+ ms$")
    with load(shown.scene.port, PREDICTIONS, per_second=10, body=b'{"data": {"ndarray": [[1]]}}') as sent:
        expect(page.locator("#graph .figures").first).to_have_text(number)
        expect(page.locator("#graph .words .label").last).to_have_text(re.compile(r"^100 % · [\d.]+/s$"))
    assert sent.failed == 0
    expect(page.locator("#parts tbody tr")).to_have_count(3)
    expect(page.locator("#parts tbody tr").first).to_contain_text("/s")


def test_text_of_users_and_logs_stays_text_and_secrets_stay_away(page: Page, shown: Shown) -> None:
    page.get_by_role("link", name=HOSTILE).click()
    expect(page.locator("#detail-title")).to_have_text(HOSTILE)
    expect(page.locator("#log")).to_contain_text(f"GET {HOSTILE} [secret]")
    assert page.locator("main img, main b").count() == 0
    assert "hush-hush" not in page.content()
    page.get_by_role("link", name="All deployments").first.click()
    expect(page.locator("#updates")).to_contain_text(HOSTILE)


def test_a_long_list_has_pages_and_a_search(page: Page) -> None:
    rows = page.locator("#list tbody tr")
    expect(rows).to_have_count(50)
    expect(page.locator("#pages")).to_contain_text("1–50 of 122")
    page.get_by_role("button", name="Next").click()
    expect(page.locator("#pages")).to_contain_text("51–100 of 122")
    page.get_by_label("Search").fill("more-11")
    expect(rows).to_have_count(10)
    page.get_by_label("Search").fill("nobody")
    expect(page.locator("#none")).to_have_text("No deployment is like that.")


def test_everything_is_reached_by_keys(page: Page) -> None:
    expect(page.locator("#list tbody tr")).to_have_count(50)
    page.keyboard.press("/")
    expect(page.get_by_label("Search")).to_be_focused()
    page.keyboard.type("fraud")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="fraud")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#detail-title")).to_have_text("fraud")
    page.keyboard.press("l")
    expect(page.locator("#logs")).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    expect(page.locator("#overview")).to_be_visible()


def test_the_first_tab_skips_to_the_content_and_focus_is_seen(page: Page) -> None:
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    assert skip.evaluate("link => getComputedStyle(link).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_colours_follow_the_system_and_the_button(page: Page) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(ground) == "rgb(13, 17, 23)"
    page.keyboard.press("t")
    expect(page.get_by_role("button", name="Theme: light")).to_be_visible()
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    page.reload()
    assert page.evaluate(ground) == "rgb(255, 255, 255)"


def test_a_process_that_is_stopped_shows_and_one_that_comes_back_too(page: Page, shown: Shown) -> None:
    row = page.locator("#list tbody tr").filter(has=page.get_by_role("link", name=HOSTILE))
    expect(row).to_contain_text("running")
    shown.scene.processes.stop(shown.secret.id)
    expect(row).to_contain_text("not running")
    shown.scene.processes.restart(shown.secret.id)
    expect(row.locator(".state.ok")).to_be_visible(timeout=LATE)


def test_a_console_that_is_not_reached_is_said_and_it_goes_on_by_itself(browser: Browser, shown: Shown) -> None:
    page = browser.new_page()
    with shown.console() as console:
        page.goto(console.url)
        expect(page.locator("#link-said")).to_have_text("live")
        page.context.set_offline(True)
        expect(page.locator("#link-said")).to_contain_text("does not answer")
        page.context.set_offline(False)
        expect(page.locator("#link-said")).to_have_text("live")
    page.close()


def test_a_console_that_was_started_anew_asks_for_its_own_address(browser: Browser, shown: Shown) -> None:
    page = browser.new_page()
    with shown.console() as first:
        page.goto(first.url)
        expect(page.locator("#link-said")).to_have_text("live")
        first.key = "of the next one"
        expect(page.locator("#link-said")).to_contain_text("open the address")
    page.close()


def test_a_stack_that_is_gone_says_how_to_start_it(browser: Browser, new_scene: Callable[[], Scene]) -> None:
    scene = new_scene()
    none = Shown(scene, Record("", "", "", ProcessSpec("", []), {}), LocalSource(scene.stack, "s", Updates(lambda: [])))
    page = browser.new_page()
    with none.console() as console:
        page.goto(console.url)
        expect(page.locator("#notes")).to_contain_text("`pulumi up --stack s` starts it")
    page.close()
