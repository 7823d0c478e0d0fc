// Words for what pictures show, and what each phrase of a question counts for.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { soon, useBrowser } from "./browser.mjs";

const open = useBrowser({ panel: "results" });
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true };
const ASKED = "#in=scenes&q=blue+above+green";

async function findings(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
}

const group = (page) => page.getByRole("list", { name: "In these pictures:" });
const slider = (page) => page.getByRole("slider", { name: "As a whole against Each phrase" });
const deltaOf = (page) => page.evaluate(() => new URLSearchParams(location.hash.slice(1)).get("delta"));
const asked = (page, delta) => page.waitForResponse((response) => response.url().endsWith("/search") && response.request().postDataJSON().delta === delta);

/** Words that would take more than two lines, of which no tests' collection has so many. */
function withManyWords(page) {
  const words = Array.from({ length: 40 }, (_, i) => ({ word: `a longer word ${i}`, n_items: 1000 - i }));
  return page.route("**/words", (route) => route.fulfill({ json: words }));
}

test("where nothing is asked, words say what the pictures show, and one press asks for one", async () => {
  const { page, watched } = await open("#in=scenes");
  await group(page).waitFor();
  // The ground is seen in all but one of twelve pictures.
  await soon.deepEqual(() => group(page).getByRole("button").allTextContents(), ["grey 11", "blue 9", "green 3", "red 3"]);
  await group(page).getByRole("button", { name: "green 3" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector("#results .score");
  await soon.equal(() => page.inputValue("#words"), "green");
  await soon.match(() => page.textContent(".card .open"), /meadow/);
  await soon.equal(() => group(page).count(), 0);
  await soon.equal(() => page.evaluate(() => document.activeElement.id), "results");
  await page.goBack();
  await group(page).waitFor();
  assert.deepEqual(watched, { elsewhere: [], complaints: [] });
});

test("they are counted over all there is: a filter has none, nor has a collection that keeps none", async () => {
  const { page } = await open("#in=scenes&modality=image");
  const words = [];
  page.on("request", (request) => request.url().endsWith("/words") && words.push(request.url()));
  await page.waitForSelector("#results .card");
  await page.goto(page.url().replace("in=scenes&modality=image", "in=years"));
  await page.waitForSelector(".timeline");
  await soon.deepEqual(async () => [await group(page).count(), words], [0, []]);
});

test("without an answer there are none, and the page is as it was", async () => {
  const { page } = await open("#in=squares");
  await page.waitForSelector("#results .card");
  await page.route("**/words", (route) => route.fulfill({ status: 503, json: { type: "about:blank", title: "Too busy", status: 503, detail: "" } }));
  const refused = page.waitForResponse("**/words");
  await page.goto(page.url().replace("in=squares", "in=scenes"));
  await refused;
  await page.getByText("12 items").waitFor();
  await soon.deepEqual(async () => [await group(page).count(), await page.getByRole("alert").count()], [0, 0]);
});

test("many words take two lines, of which a phone has one that is pushed aside", async () => {
  const { page } = await open("#in=squares");
  await page.waitForSelector("#results .card");
  await withManyWords(page);
  await page.goto(page.url().replace("in=squares", "in=scenes"));
  await group(page).waitFor();
  const tops = () => group(page).getByRole("button").evaluateAll((all) => [...new Set(all.map((each) => Math.round(each.getBoundingClientRect().top)))].length);
  const n = () => group(page).getByRole("button").count();
  await soon.equal(() => tops(), 2);
  const before = await n();
  assert.ok(before > 6 && before < 20, `${before} words`);
  await page.setViewportSize({ width: 1000, height: 860 });
  await page.waitForFunction((before) => document.querySelectorAll(".shown-words li:not([hidden])").length < before, before);
  await soon.equal(() => tops(), 2);
  await page.setViewportSize(PHONE.viewport);
  await page.waitForFunction(() => document.querySelectorAll(".shown-words li:not([hidden])").length === 20);
  await soon.equal(() => tops(), 1);
  await soon.equal(() => page.evaluate(() => document.documentElement.scrollWidth), 390);
  await group(page).getByRole("button").last().focus();
  const { x, width } = await group(page).getByRole("button").last().boundingBox();
  assert.ok(x >= 0 && x + width <= 390, "the last comes into sight with the focus");
});

test("a slider says what each phrase counts for, in the address too", async () => {
  const { page, watched } = await open(ASKED);
  await page.waitForSelector("#results .score");
  // The encoder of these tests gains nothing by it.
  await soon.equal(() => slider(page).inputValue(), "0");
  await soon.equal(() => deltaOf(page), null);
  const answered = asked(page, 0.1);
  await slider(page).focus();
  await page.keyboard.press("ArrowRight");
  const { hits } = await (await answered).json();
  assert.deepEqual(hits[0].terms.map(({ kind, weight }) => [kind, Number(weight.toFixed(9))]), [["text", 0.9], ["phrases", 0.1]]);
  await soon.equal(() => deltaOf(page), "0.1");
  await soon.match(() => slider(page).getAttribute("aria-valuetext"), /^90% the words as a whole, 10% each of their phrases/);
  const all = asked(page, 1);
  await page.keyboard.press("End");
  await all;
  await page.reload();
  await page.waitForSelector("#results .score");
  await soon.equal(() => slider(page).inputValue(), "1");
  assert.deepEqual(watched, { elsewhere: [], complaints: [] });
});

test("where nobody says, it stands where the server has it", async () => {
  const { page } = await open("#in=squares");
  await page.waitForSelector("#results .card");
  await page.route("**/search", async (route) => route.continue({ postData: JSON.stringify({ ...route.request().postDataJSON(), delta: 0.3 }) }));
  await page.goto(page.url().replace("in=squares", "in=scenes&q=blue"));
  await page.waitForFunction(() => document.querySelector("#delta")?.value === "0.3");
  await soon.equal(() => deltaOf(page), null);
});

test("without words, or regions, there is no such slider", async () => {
  const { page } = await open("#in=scenes&near=45,4");
  await page.waitForSelector("#reach");
  await soon.equal(() => slider(page).count(), 0);
  await page.goto(page.url().replace("in=scenes&near=45%2C4", "in=squares&q=red"));
  await page.getByText(/^Best 28 matches/).waitFor();
  await soon.equal(() => slider(page).count(), 0);
});

test("a phrase is one, by the words as a whole and by itself, and both add up", async () => {
  const { page } = await open(`${ASKED}&delta=0.4`);
  await page.waitForSelector("#results .score");
  await page.locator(".card .open").first().click();
  await page.keyboard.press("w");
  await page.waitForSelector("#detail .account .part");
  const [text, each] = [page.locator("#detail .account tbody").nth(0), page.locator("#detail .account tbody").nth(1)];
  await soon.match(() => each.locator("tr").first().textContent(), /^each of: blue, green/);
  await soon.deepEqual(() => each.locator(".phrase").allTextContents(), ["blue", "green"]);
  const colours = (within) => within.locator(".part:has(button)").evaluateAll((rows) => Object.fromEntries(rows.map((row) => [/^\w+/.exec(row.textContent.trim())[0], getComputedStyle(row.querySelector(".dot")).backgroundColor])));
  await soon.deepEqual(() => colours(each), await colours(text));
  const gives = (within, rows) => within.locator(`${rows} .contribution`).evaluateAll((cells) => cells.map((cell) => Number(cell.textContent.replace("−", "-"))));
  for (const term of [text, each]) {
    const [whole] = await gives(term, "tr:not(.part)");
    const parts = await gives(term, ".part");
    assert.ok(Math.abs(parts.reduce((sum, part) => sum + part) - whole) <= 0.0005 * (parts.length + 1) + 1e-9, `${parts} are not ${whole}`);
  }
  // The words stand once above the results; pointed at in one term, a phrase is lit in both.
  await soon.equal(() => page.textContent(".asked-phrases"), "blue above green");
  await each.getByRole("button", { name: "green" }).focus();
  await page.waitForFunction(() => document.querySelectorAll("#detail .part.lit").length === 2);
  await soon.deepEqual(() => page.locator(".phrase.lit").allTextContents(), ["green", "green", "green"]);
  // It is in one place.
  await soon.deepEqual(() => page.locator("#detail .region.lit").allTextContents(), ["green"]);
  assert.deepEqual(await findings(page), []);
});

test("by themselves alone, phrases have their places too", async () => {
  const { page } = await open(`${ASKED}&delta=1`);
  await page.waitForSelector("#results .score");
  await page.locator(".card .open").first().click();
  await page.keyboard.press("w");
  await page.waitForSelector("#detail .region");
  await soon.deepEqual(async () => (await page.locator("#detail .region").allTextContents()).sort(), ["blue", "green"]);
  await soon.equal(() => page.textContent(".asked-phrases"), "each of: blue, green");
});

for (const [name, options] of Object.entries({ light: { colorScheme: "light" }, "phone, dark": { ...PHONE, colorScheme: "dark" } })) {
  test(`axe finds nothing: ${name}`, async () => {
    const { page } = await open("#in=scenes", options);
    await group(page).waitFor();
    assert.deepEqual(await findings(page), []);
    await group(page).getByRole("button", { name: "green 3" }).click();
    await page.waitForSelector("#results .score");
    await slider(page).waitFor();
    assert.deepEqual(await findings(page), []);
    await soon.equal(() => page.evaluate(() => document.documentElement.scrollWidth), page.viewportSize().width);
    const first = await page.locator(".card").first().boundingBox();
    assert.ok(first.y < page.viewportSize().height / 2, `the first photo begins at ${first.y}`);
  });
}
