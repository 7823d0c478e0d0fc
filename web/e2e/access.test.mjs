// With the keyboard alone, with a screen reader's rules, on a phone, and in the dark.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { mapReady, shownIds, soon, useBrowser } from "./browser.mjs";

const open = useBrowser({ panel: "results" });
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Findings of axe-core, best practices included, one line each. */
async function findings(page) {
  // The page's policy forbids scripts of others, so the rules are run from outside it.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  return violations
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
}

// Colours do not depend on a screen's size, nor sizes on colours: two of the four tell what all would.
const SCREENS = [
  { name: "desktop, light", colorScheme: "light", viewport: { width: 1360, height: 860 }, panel: "both" },
  // The map has the same elements everywhere, and is slow to draw here.
  { name: "phone, dark", colorScheme: "dark", viewport: { width: 390, height: 844 }, panel: "results" },
];

for (const { name, panel, ...screen } of SCREENS) {
  test(`axe finds nothing: ${name}`, async () => {
    const { page } = await open("#q=red+near+Paris+-blue", { ...screen, panel });
    if (panel === "both") await mapReady(page);
    await page.waitForSelector("#results .card");
    await page.getByRole("button", { name: "Filters" }).click();
    assert.deepEqual(await findings(page), []);
    await page.locator(".card .open").first().click();
    await page.waitForSelector("#detail:not([hidden])");
    assert.deepEqual(await findings(page), []);
  });

  test(`nor beside the canvas: ${name}`, async () => {
    const { page } = await open("#in=scenes", { ...screen, panel: "paint" });
    await page.waitForSelector("#results .card");
    await page.locator(".paint-canvas").focus();
    await page.keyboard.press("Space");
    await page.waitForSelector("#results .score");
    assert.deepEqual(await findings(page), []);
    await page.goto(page.url().replace("in=scenes", "in=squares"));
    await page.getByText("placelens index squares --features class_map").waitFor();
    assert.deepEqual(await findings(page), []);
  });
}

test("nor in a list, in the large view, in the table of keys", async () => {
  const { page } = await open("#in=years");
  await page.waitForSelector(".timeline");
  assert.deepEqual(await findings(page), []);
  await page.locator(".card .open").first().click();
  await page.keyboard.press("f");
  await page.waitForSelector(".lightbox");
  assert.deepEqual(await findings(page), []);
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await page.waitForSelector("dialog.keys");
  assert.deepEqual(await findings(page), []);
});

test("slash, arrows, Enter and Escape are enough", async () => {
  const { page } = await open("#q=red");
  await page.waitForSelector("#results .card");
  const ids = await shownIds(page);
  const here = () => page.evaluate(() => document.activeElement.closest(".card")?.dataset.id);
  await page.keyboard.press("/");
  await soon.equal(() => page.evaluate(() => document.activeElement.id), "words");
  await page.keyboard.press("ArrowDown");
  await soon.equal(() => here(), ids[0]);
  await page.keyboard.press("ArrowRight");
  await soon.equal(() => here(), ids[1]);
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowDown");
  // A row below may have to be made first.
  await page.waitForFunction((known) => !known.includes(document.activeElement.closest(".card")?.dataset.id), ids.slice(0, 1));
  const below = ids.indexOf(await here());
  assert.ok(below > 1, "one row down");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#detail:not([hidden])");
  await page.keyboard.press("Escape");
  // The focus goes back once the panel has gone.
  await page.waitForFunction((id) => document.activeElement.closest(".card")?.dataset.id === id, ids[below]);
});

test("on a phone the photos come first, nothing is wider than the screen, and the map is one touch away", async () => {
  const { page } = await open("#q=red+near+Paris", { viewport: { width: 390, height: 844 }, hasTouch: true, panel: "both" });
  await page.waitForSelector("#results .card");
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.equal(width, 390);
  const first = await page.locator(".card").first().boundingBox();
  assert.ok(first.y < 844 / 2, `the first photo begins at ${first.y}`);
  await soon.equal(() => page.isVisible("#map"), false);
  await page.getByRole("button", { name: "Map", exact: true }).tap();
  await mapReady(page);
  await soon.equal(() => page.isVisible("#map"), true);
  await soon.equal(() => page.isVisible("#results"), false);
});

test("the OpenAPI page needs no other host", async () => {
  const { page, watched } = await open();
  await page.goto(`${new URL(page.url()).origin}/docs`);
  await page.getByText("/v1/collections/{name}/search").first().waitFor();
  assert.deepEqual(watched, { elsewhere: [], complaints: [] });
});
