// The map and the grid in step, and the place picked on the map.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyOf, mapReady, searchFor, shownIds, soon, useBrowser } from "./browser.mjs";

const open = useBrowser();

const marked = (page) => page.getAttribute("#map", "data-marked");

test("pointing at a card marks its dot; clicking opens it and keeps the dot marked", async () => {
  const { page, watched } = await open("#q=blue");
  await mapReady(page);
  await page.waitForFunction(() => Number(document.querySelector("#map").dataset.hits) > 0);
  const [first, second] = await shownIds(page);
  await page.hover(`[data-id="${second}"]`);
  await soon.equal(() => marked(page), second);
  await page.click(`[data-id="${first}"] .open`);
  await page.waitForSelector("#detail:not([hidden])");
  await soon.ok(async () => (await marked(page)).split("\n").includes(first));
  await soon.match(() => page.textContent("#detail"), /Score.*Attributes/s);
  const width = await page.waitForFunction(
    () => document.querySelector("#detail figure img").getAttribute("src").endsWith("/image"),
  );
  assert.ok(width, "the original takes the thumbnail's place");
  await page.keyboard.press("Escape");
  await page.waitForSelector("#detail", { state: "hidden" });
  await soon.equal(() => page.evaluate(() => document.activeElement.closest(".card")?.dataset.id), first);
  assert.deepEqual(watched, { elsewhere: [], complaints: [] });
});

test("a click on the map searches near there; the chip takes it back", async () => {
  const { page } = await open("#q=blue");
  await mapReady(page);
    await page.click("#map canvas", { position: { x: 60, y: 60 } });
  await page.waitForSelector(".pin");
  await page.waitForFunction(() => location.hash.includes("near="));
  await soon.equal(() => page.isDisabled("#mu"), false);
  await page.waitForFunction(() => /km|\d m/.test(document.querySelector(".card .facts").textContent));
  await page.getByRole("button", { name: "Remove the place" }).click();
  await page.waitForSelector(".pin", { state: "detached" });
});

test("a box that is released outside the map ends there, and the map stays where it is", async () => {
  const { page } = await open("#q=blue");
  await mapReady(page);
  await page.getByRole("button", { name: "Filters" }).click();
  await page.click("#draw-box");
  const area = await page.locator("#map canvas").boundingBox();
  await page.mouse.move(area.x + 100, area.y + 100);
  await page.mouse.down();
  await page.mouse.move(area.x - 80, area.y + 200, { steps: 4 });
  await page.mouse.up();
  await page.waitForFunction(() => location.hash.includes("box="));
  await soon.equal(() => page.locator("#map.drawing").count(), 0);
  await page.mouse.move(area.x + 300, area.y + 300);
  const hash = await page.evaluate(() => location.hash);
  // A click while drawing is no box, and no place either.
  await page.click("#draw-box");
  await page.click("#map canvas", { position: { x: 60, y: 60 } });
  await page.waitForSelector("#map:not(.drawing)");
  await soon.equal(() => page.evaluate(() => location.hash), hash);
});

test("clusters come apart, and a single item opens", async () => {
  const { page } = await open("#in=years");
  await mapReady(page);
  await page.waitForFunction(() => Number(document.querySelector("#map").dataset.clusters) > 0);
  const counted = await page.evaluate(async () => {
    const answer = await (await fetch("/v1/collections/years/clusters?zoom=0")).json();
    return answer.clusters.reduce((sum, { n_items }) => sum + n_items, answer.items.length);
  });
  assert.equal(counted, 600);
});

test("a box drawn on the map is a filter, and Escape gives up", async () => {
  const { page } = await open("#q=blue");
  await mapReady(page);
  await page.getByRole("button", { name: "Filters" }).click();
  await page.click("#draw-box");
  await page.locator("#map.drawing").waitFor({ state: "attached" });
  await page.keyboard.press("Escape");
  await page.locator("#map.drawing").waitFor({ state: "detached" });
  await page.click("#draw-box");
  const area = await page.locator("#map canvas").boundingBox();
  await page.mouse.move(area.x + 40, area.y + 40);
  await page.mouse.down();
  await page.mouse.move(area.x + 200, area.y + 160, { steps: 4 });
  await page.mouse.up();
  await page.waitForFunction(() => location.hash.includes("box="));
  await page.getByText(/^in the box/).waitFor();
});

test("a position that was estimated says so on the card and in the panel", async () => {
  const { page } = await open();
  await page.route("**/search", async (route) => {
    const answer = await (await route.fetch()).json();
    answer.hits[0].place_source = "estimated";
    await route.fulfill({ json: answer });
  });
  await page.fill("#words", "purple");
  await page.waitForSelector("#results .score");
  await soon.match(() => page.textContent(".card .facts"), /estimated position/);
  await page.locator(".card .open").first().click();
  await soon.equal(() => page.textContent("#detail .badge"), "estimated position");
});

test("new words leave the map alone while what they find is in sight", async () => {
  const { page } = await open("#in=squares&q=red");
  await mapReady(page);
  await page.getByRole("button", { name: "Zoom in" }).first().click();
  const scale = () => page.textContent(".maplibregl-ctrl-scale");
  const before = await scale();
  await searchFor(page, "blue");
  await soon.equal(() => scale(), before);
});

test("a ranking draws its dots anew, and not the map below them", async () => {
  const { page } = await open("#q=blue&near=48.85,2.35");
  await mapReady(page);
  await page.waitForSelector("#mu:not(:disabled)");
  await page.evaluate(() => {
    window.drawn = { dots: 0, map: 0 };
    const count = (type, call, what) => {
      const own = type.prototype[call];
      type.prototype[call] = function (...given) {
        window.drawn[what] += 1;
        return own.apply(this, given);
      };
    };
    count(CanvasRenderingContext2D, "arc", "dots");
    count(WebGL2RenderingContext, "drawElements", "map");
  });
  // What the map was given before is drawn still: some ranking comes after that.
  for (let step = 0; step < 400; step++) {
    const answered = page.waitForResponse((response) => response.url().endsWith("/search"));
    await page.evaluate((mu) => {
      window.drawn = { dots: 0, map: 0 };
      const slider = document.querySelector("#mu");
      slider.value = String(mu);
      slider.dispatchEvent(new Event("input", { bubbles: true }));
    }, (step % 20) / 20);
    await answered;
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    const { dots, map } = await page.evaluate(() => window.drawn);
    if (dots > 0 && map === 0) return;
  }
  assert.fail("each ranking draws the map");
});

test("heat of scores is drawn when it is asked for, renewed with the question, and in the address", async () => {
  const { page, watched } = await open("#q=blue");
  await mapReady(page);
  const button = page.getByRole("button", { name: "Heat of scores" });
  await soon.equal(() => button.getAttribute("aria-pressed"), "false");
  await soon.ok(async () => !(await page.getAttribute("#map", "data-heat")));
  const isHeat = (response) => response.url().endsWith("/heat");
  const asked = () => page.waitForResponse(isHeat);
  const drawn = bodyOf(page, isHeat);
  await button.click();
  const first = await drawn;
  await page.waitForFunction((n) => document.querySelector("#map").dataset.heat === String(n), first.cells.length);
  assert.ok(first.cells.length > 0);
  await soon.match(() => page.textContent(".heat-legend"), new RegExp(first.highest.toFixed(2)));
  await soon.match(() => page.evaluate(() => location.hash), /heat=1/);
  const answered = asked();
  await searchFor(page, "red");
  assert.equal((await answered).request().postDataJSON().text, "red");
  // What ranks nothing has no scores, and the map its clusters.
  await page.getByRole("button", { name: "Browse" }).click();
  await page.getByText(/^Ask for something/).waitFor();
  await page.waitForFunction(() => document.querySelector("#map").dataset.heat === "");
  assert.deepEqual(watched, { elsewhere: [], complaints: [] });
});

test("heat follows the colours of the system, and goes when it is pressed away", async () => {
  const { page, watched } = await open("#q=blue&heat=1");
  await mapReady(page);
  await page.waitForFunction(() => Number(document.querySelector("#map").dataset.heat) > 0);
  await page.emulateMedia({ colorScheme: "dark" });
  await page.getByRole("button", { name: "Zoom in" }).first().click();
  await page.waitForResponse((response) => response.url().endsWith("/heat"));
  await page.getByRole("button", { name: "Heat of scores" }).click();
  await page.waitForFunction(() => document.querySelector("#map").dataset.heat === "");
  await soon.doesNotMatch(() => page.evaluate(() => location.hash), /heat/);
  assert.deepEqual(watched, { elsewhere: [], complaints: [] });
});

/** Go around a point of the map with the pointer pressed. */
async function circle(page, { x, y, radius = 90, steps = 40 }) {
  const area = await page.locator("#map canvas").boundingBox();
  const at = (step) => [area.x + x + radius * Math.cos((step * 2 * Math.PI) / steps), area.y + y + radius * Math.sin((step * 2 * Math.PI) / steps)];
  await page.mouse.move(...at(0));
  await page.mouse.down();
  for (let step = 1; step < steps; step++) await page.mouse.move(...at(step));
  await page.mouse.up();
}

test("an area drawn around is a filter with a chip and an address, and Escape gives up", async () => {
  const { page, watched } = await open("#q=blue&box=0,40,20,65");
  await mapReady(page);
  const button = page.locator("#draw-area");
  await button.click();
  await page.getByText("Draw around it, in one stroke").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("#map.drawing").waitFor({ state: "detached" });
  await soon.match(() => page.evaluate(() => location.hash), /box=/);
  await button.click();
  const answered = page.waitForResponse((response) => response.url().endsWith("/search") && response.request().postDataJSON().polygon);
  const { width, height } = await page.locator("#map canvas").boundingBox();
  await circle(page, { x: width / 2, y: height / 2 });
  const asked = (await answered).request().postDataJSON();
  const [ring] = asked.polygon.coordinates;
  assert.ok(ring.length > 8 && ring.length <= 81, `${ring.length} corners`);
  assert.deepEqual(ring[0], ring.at(-1));
  assert.equal("bbox" in asked, false);
  await page.getByText(/^in the area drawn/).waitFor();
  const hash = await page.evaluate(() => location.hash);
  assert.match(hash, /area=[-\d._]+/);
  await page.reload();
  await page.getByText(/^in the area drawn/).waitFor();
  await page.getByRole("button", { name: "Remove the area drawn" }).click();
  await page.waitForFunction(() => !location.hash.includes("area="));
  assert.deepEqual(watched, { elsewhere: [], complaints: [] });
});

test("what is inside an area is selected, and nothing else", async () => {
  // Over Lyon, Paris and Nice; Oslo is left out. Seven colours in three towns, one page or many.
  const { page } = await open("#in=squares&area=0_40_10_40_10_52_0_52");
  await mapReady(page);
  await page.click("#select-inside");
  await page.getByText("21 items selected").waitFor();
});

test("on a phone an area is drawn with a finger, on the map that comes forward", async () => {
  const { page } = await open("#in=squares", { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true });
  await mapReady(page);
  await page.getByRole("button", { name: "Filters" }).tap();
  await page.locator("#filters").getByRole("button", { name: "Draw an area" }).tap();
  await page.getByText("Draw around it, in one stroke").waitFor();
  const { width, height } = await page.locator("#map canvas").boundingBox();
  await circle(page, { x: width / 2, y: height / 2 });
  await page.waitForFunction(() => location.hash.includes("area="));
  await page.getByText(/^in the area drawn/).waitFor();
});
