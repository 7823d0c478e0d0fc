// Proposed places, one by one: accepted, rejected, skipped and undone, by keys and by buttons.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { beforeEach, test } from "node:test";
import { mapReady, soon, useBrowser } from "./browser.mjs";

const open = useBrowser({ panel: "results" });
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TOKEN = process.env.PLACELENS_TOKEN;
const LOST = `${process.env.PLACELENS_URL}/v1/collections/lost`;

/** Ask the server as another program does. */
async function asked(path, method = "GET", body) {
  const headers = { Authorization: `Bearer ${TOKEN}`, "Content-Type": "application/json" };
  const response = await fetch(`${LOST}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  assert.ok(response.ok, `${method} ${path}: ${response.status}`);
  return response.json();
}

const propose = (item_id, more = {}) => asked("/proposals", "POST", { item_id, place: { lat: 50.09, lon: 14.42 }, ...more });
const place = async (id) => {
  const { lat, lon, place_source } = await asked(`/items/${encodeURIComponent(id)}`);
  return [lat, lon, place_source];
};

// Each test makes what it looks at.
beforeEach(async () => {
  for (const { id } of (await asked("/proposals?state=open&k=200")).proposals) await asked(`/proposals/${id}/reject`, "POST");
});

const shows = (page, title) => page.locator("#review h3", { hasText: title }).waitFor();
const told = (page, text) => page.locator("#review [role=status]", { hasText: text }).waitFor();

async function findings(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
}

test("they are looked at one by one, with what speaks for them, and decided with keys", async () => {
  for (const n of [0, 1, 2]) await propose(`lost ${n}`, { radius_m: 500, confidence: 0.8, evidence: `a dome, number ${n}` });
  const { page, watched } = await open(`#in=lost&token=${TOKEN}`);
  await page.getByRole("button", { name: "Review", exact: true }).click();
  await shows(page, "lost 0");
  await page.getByText("3 left").waitFor();
  await page.getByText("50.0900° N, 14.4200° E, within 500 m").waitFor();
  await page.getByText("80 % sure that it lies within 500 m").waitFor();
  await page.getByText("a dome, number 0").waitFor();
  await page.getByText("no place").waitFor();
  assert.match(page.url(), /panel=review/);

  await page.keyboard.press("s");
  await shows(page, "lost 1");
  await page.keyboard.press("a");
  await told(page, "Accepted: lost 1.");
  await shows(page, "lost 2");
  await soon.deepEqual(() => place("lost 1"), [50.09, 14.42, "estimated"]);
  await page.keyboard.press("r");
  await told(page, "Rejected: lost 2.");
  await soon.deepEqual(() => place("lost 2"), [null, null, null]);
  // What was passed over comes again.
  await shows(page, "lost 0");
  await page.getByText("1 left").waitFor();

  await page.keyboard.press("u");
  await told(page, "Open again: lost 2.");
  await shows(page, "lost 2");
  await page.keyboard.press("Control+z");
  await told(page, "Open again: lost 1.");
  await soon.deepEqual(() => place("lost 1"), [null, null, null]);
  await page.getByText("3 left").waitFor();
  await soon.equal(() => page.getByRole("button", { name: "Undo" }).count(), 0);
  await page.keyboard.press("Escape");
  await page.waitForSelector("#review", { state: "detached" });
  await page.waitForSelector("#results .card");
  assert.deepEqual(watched, { elsewhere: [], complaints: [] });
});

test("the focus stays with the buttons, and goes to the heading when they are gone", async () => {
  for (const n of [0, 1]) await propose(`lost ${n}`);
  const { page } = await open(`#in=lost&token=${TOKEN}`, { panel: "review" });
  await shows(page, "lost 0");
  const accept = page.getByRole("button", { name: "Accept" });
  await accept.focus();
  await page.keyboard.press("Enter");
  await shows(page, "lost 1");
  await page.waitForFunction(() => document.activeElement.textContent.startsWith("Accept"));
  await page.keyboard.press("Enter");
  await page.getByText("Nothing is left to review.").waitFor();
  await page.waitForFunction(() => document.activeElement.matches("#review h2"));
  await page.getByRole("button", { name: "Undo" }).click();
  await shows(page, "lost 1");
  await page.waitForFunction(() => document.activeElement.closest("#review") !== null);
  await page.keyboard.press("r");
  await page.getByText("Nothing is left to review.").waitFor();
  // For the tests after this one.
  await page.keyboard.press("u");
  await shows(page, "lost 1");
  await page.keyboard.press("u");
  await shows(page, "lost 0");
});

test("what others have decided meanwhile is told, and the next one stands there", async () => {
  const made = await propose("lost 3");
  await propose("lost 4");
  const { page } = await open(`#in=lost&token=${TOKEN}`, { panel: "review" });
  await shows(page, "lost 3");
  await asked(`/proposals/${made.id}/reject`, "POST");
  await page.keyboard.press("a");
  await page.getByRole("alert").filter({ hasText: `proposal ${made.id} is rejected, not open` }).waitFor();
  await shows(page, "lost 4");
  await soon.deepEqual(() => place("lost 3"), [null, null, null]);
  await page.keyboard.press("r");
  await told(page, "Rejected: lost 4.");
  await soon.equal(() => page.getByRole("alert").count(), 0);
});

test("more than a page of them are all looked at", async () => {
  for (let n = 0; n < 56; n++) await propose(`lost ${n % 6}`, { evidence: `the guess ${n}.` });
  const { page } = await open(`#in=lost&token=${TOKEN}`, { panel: "review" });
  await page.getByText("56 left").waitFor();
  for (let n = 0; n < 56; n++) {
    await page.getByText(`${56 - n} left`, { exact: true }).waitFor();
    await page.keyboard.press("r");
  }
  await page.getByText("Nothing is left to review.").waitFor();
  assert.deepEqual((await asked("/proposals?state=open")).counts.open, 0);
});

test("the map shows where it is proposed, and where it is; who clicks on it asks for nothing", async () => {
  const made = await propose("placed", { place: { lat: 45.9, lon: 4.9 }, radius_m: 2000 });
  const next = await propose("lost 5", { place: { lat: -33.9, lon: 151.2 } });
  const { page, watched } = await open(`#in=lost&token=${TOKEN}`, { panel: "review" });
  await shows(page, "placed");
  await page.getByText("16.2 km from what is proposed").waitFor();
  await mapReady(page);
  await page.waitForSelector(`#map[data-proposed="${made.id}"]`);
  await page.locator("#map canvas").first().click({ position: { x: 60, y: 300 } });
  await page.keyboard.press("s");
  await page.waitForSelector(`#map[data-proposed="${next.id}"]`);
  assert.doesNotMatch(page.url(), /near=/);
  // Results and map are there again once one asks for something.
  await page.fill("#words", "red");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#review", { state: "detached" });
  await page.waitForSelector('#map[data-proposed=""]');
  assert.deepEqual(watched, { elsewhere: [], complaints: [] });
});

test("who may not write looks, and is told what it takes", async () => {
  await propose("lost 0");
  await propose("lost 1");
  const { page } = await open("#in=lost", { panel: "review" });
  await shows(page, "lost 0");
  await soon.equal(() => page.getByRole("button", { name: "Accept" }).count(), 0);
  await page.keyboard.press("a");
  await page.keyboard.press("ArrowRight");
  await shows(page, "lost 1");
  await page.getByText("placelens serve --write prints an address with one").waitFor();
  await page.getByLabel("Token").fill(TOKEN);
  await page.getByRole("button", { name: "Use it" }).click();
  await page.getByRole("button", { name: "Accept" }).waitFor();
  assert.equal((await asked("/proposals?state=open")).counts.open, 2);
});

test("where nothing is proposed there is no button for it", async () => {
  const { page } = await open("#in=lost");
  // It may have been asked for before anybody could listen.
  await page.waitForFunction(() => performance.getEntriesByType("resource").some(({ name, responseEnd }) => name.includes("/lost/proposals?") && responseEnd > 0));
  await page.waitForSelector("#results .card");
  await soon.equal(() => page.getByRole("button", { name: "Review", exact: true }).count(), 0);
});

for (const screen of [
  { name: "desktop, light", colorScheme: "light", viewport: { width: 1360, height: 860 } },
  { name: "phone, dark", colorScheme: "dark", viewport: { width: 390, height: 844 } },
]) {
  test(`axe finds nothing, and what is decided with is in sight: ${screen.name}`, async () => {
    const { name, ...options } = screen;
    for (const n of [0, 1]) await propose(`lost ${n}`, { radius_m: 500, confidence: 0.8, evidence: "a dome. ".repeat(80) });
    const { page } = await open(`#in=lost&token=${TOKEN}`, { ...options, panel: "review" });
    await shows(page, "lost 0");
    await mapReady(page);
    assert.deepEqual(await findings(page), []);
    const { height } = options.viewport;
    for (const button of ["Accept", "Reject", "Skip"]) {
      const box = await page.getByRole("button", { name: button }).boundingBox();
      assert.ok(box && box.y > 0 && box.y + box.height <= height, `${button} is out of sight`);
    }
    await soon.ok(async () => (await page.locator("#map").boundingBox()).height > 100);
    await page.keyboard.press("r");
    await shows(page, "lost 1");
    assert.deepEqual(await findings(page), []);
    await page.keyboard.press("r");
    await page.getByText("Nothing is left to review.").waitFor();
    assert.deepEqual(await findings(page), []);
  });
}
