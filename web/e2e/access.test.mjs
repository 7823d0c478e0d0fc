// With the keyboard alone, with a screen reader's rules, on a phone, and in the dark.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { mapReady, shownIds, useBrowser } from "./browser.mjs";

const open = useBrowser();
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Serious findings of axe-core, one line each. */
async function findings(page) {
  // The page's policy forbids scripts of others, so the rules are run from outside it.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
}

for (const colorScheme of ["light", "dark"]) {
  for (const [name, viewport] of [["desktop", { width: 1360, height: 860 }], ["phone", { width: 390, height: 844 }]]) {
    test(`axe finds nothing serious: ${name}, ${colorScheme}`, async () => {
      const { page } = await open("#q=red+near+Paris+-blue", { colorScheme, viewport });
      await mapReady(page);
      await page.waitForSelector("#results .card");
      await page.getByRole("button", { name: "Filters" }).click();
      assert.deepEqual(await findings(page), []);
      await page.locator(".card .open").first().click();
      await page.waitForSelector("#detail:not([hidden])");
      assert.deepEqual(await findings(page), []);
    });
  }
}

test("the welcome page has nothing serious either", async () => {
  const { page } = await open();
  await mapReady(page);
  assert.deepEqual(await findings(page), []);
});

test("slash, arrows, Enter and Escape are enough", async () => {
  const { page } = await open("#q=red");
  await page.waitForSelector("#results .card");
  const ids = await shownIds(page);
  const here = () => page.evaluate(() => document.activeElement.closest(".card")?.dataset.id);
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.id), "words");
  await page.keyboard.press("ArrowDown");
  assert.equal(await here(), ids[0]);
  await page.keyboard.press("ArrowRight");
  assert.equal(await here(), ids[1]);
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowDown");
  const below = ids.indexOf(await here());
  assert.ok(below > 1, "one row down");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#detail:not([hidden])");
  await page.keyboard.press("Escape");
  assert.equal(await here(), ids[below]);
});

test("on a phone nothing is wider than the screen", async () => {
  const { page } = await open("#q=red+near+Paris", { viewport: { width: 390, height: 844 } });
  await page.waitForSelector("#results .card");
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.equal(width, 390);
  const [map, results] = await page.evaluate(() =>
    ["map", "results"].map((id) => document.getElementById(id).getBoundingClientRect().top),
  );
  assert.ok(map < results, "the map is above the grid");
});

test("the OpenAPI page needs no other host", async () => {
  const { page, watched } = await open();
  await page.goto(`${new URL(page.url()).origin}/docs`);
  await page.getByText("/v1/collections/{name}/search").waitFor();
  assert.deepEqual(watched, { elsewhere: [], complaints: [] });
});
