// Why a result was found: an account that adds up, phrases and regions that light each other.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { soon, useBrowser } from "./browser.mjs";

const open = useBrowser({ panel: "results" });
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const ORANGE = "rgb(230, 159, 0)";
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true };

/** An answer with phrases, of which the encoders of these tests tell none: red at the left, square at the right. */
function withPhrases(answer) {
  const { label, weight, value, baseline } = answer.hit.terms.find(({ kind }) => kind === "text");
  const gain = weight * (value - baseline);
  const heatAt = (share, first) => Array.from({ length: 4 }, () => Array.from({ length: 4 }, (_, x) => (x < 2 === first ? share / 8 : 0)));
  const phrase = (word, share, box) => ({
    kind: "phrase",
    label: word,
    of: label,
    share,
    contribution: gain * share,
    span: [label.indexOf(word), label.indexOf(word) + word.length],
    box,
    heat: heatAt(share, word === "red"),
  });
  const none = { span: null, box: null, heat: null };
  const evidence = [
    phrase("square", 0.5, [200, 0, 400, 300]),
    phrase("red", 0.375, [0, 0, 200, 300]),
    { kind: "rest", label: "the rest", of: label, share: 0.125, contribution: gain * 0.125, ...none },
  ];
  return { ...answer, evidence };
}

/** The first result, open, once the page has the words and answers of `explain` have phrases; gives what was asked. */
async function openFirst(hash = "#q=a+red+square&near=48.85,2.35", options = {}) {
  const opened = await open(hash, options);
  const asked = [];
  await opened.page.route("**/explain", async (route) => {
    asked.push(route.request());
    const response = await route.fetch();
    await route.fulfill({ response, json: withPhrases(await response.json()) });
  });
  await opened.page.waitForSelector("#results .score");
  await opened.page.locator(".card .open").first().click();
  await opened.page.waitForSelector("#detail .account");
  // What is below the picture, and the pointer over it, moves when the picture comes.
  await opened.page.waitForFunction(() => document.querySelector("#detail figure img").naturalWidth > 0);
  return { ...opened, asked };
}

const ask = (page) => page.getByRole("button", { name: /^Why is this number/ }).click();
const part = (page, name) => page.locator("#detail .account").getByRole("button", { name });
const litRegions = (page, within = "#detail") => page.$$eval(`${within} .region.lit`, (all) => all.map((region) => region.textContent));
/** Wait until just these regions are lit: what a key or the pointer does is drawn a moment later. */
const regionsLit = (page, wanted) => page.waitForFunction(
  (wanted) => JSON.stringify([...document.querySelectorAll("#detail .region.lit")].map((region) => region.textContent)) === wanted,
  JSON.stringify(wanted),
);
const litPhrases = (page) => page.$$eval("#detail .phrase.lit", (all) => all.map((phrase) => phrase.textContent));
/** Numbers that stand last in rows. */
const gives = (page, rows) => page.$$eval(`#detail .account ${rows} .contribution`, (cells) => cells.map((cell) => Number(cell.textContent.replace("−", "-"))));
const sum = (numbers) => numbers.reduce((all, each) => all + each, 0);

async function findings(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
}

test("place and words, phrases and what is left: all of it adds up to the score", async () => {
  const { page, watched, asked } = await openFirst();
  await soon.deepEqual(async () => [await page.locator(".account tbody").count(), await page.locator(".account .part").count(), asked.length], [2, 0, 0]);
  await ask(page);
  await page.waitForSelector(".account .part");
  await soon.deepEqual(() => page.$$eval(".account .part .name", (names) => names.map((name) => name.textContent.trim())), ["square right", "red left", "the rest", "any text"]);
  const terms = await gives(page, "tr:not(.part)");
  const score = terms.pop();
  const half = 0.0005 + 1e-9; // each is rounded
  assert.ok(Math.abs(sum(terms) - score) <= 3 * half, `${terms} are not ${score}`);
  const parts = await gives(page, ".part");
  assert.ok(parts.length === 4 && Math.abs(sum(parts) - terms[1]) <= 5 * half, `${parts} are not ${terms[1]}`);
  await soon.match(() => page.locator(".card .score").first().textContent(), new RegExp(score.toFixed(2)));
  // It says what the next one has less, is asked once for each, and not again on the way back.
  await page.getByRole("button", { name: "Next result" }).click();
  await page.getByText(/^\d\.\d{3} below number 1: .*(text|place) −\d/).or(page.getByText("Level with number 1")).waitFor();
  await page.getByRole("button", { name: "Previous result" }).click();
  await page.waitForSelector(".account .part");
  assert.equal(asked.length, 2);
  assert.equal(asked[0].postDataJSON().text, "a red square");
  await ask(page);
  await page.waitForSelector(".account .part", { state: "detached" });
  await soon.equal(() => page.locator(".region").count(), 0);
  assert.deepEqual(watched, { elsewhere: [], complaints: [] });
});

test("a phrase lights its region, and a region its phrase, everywhere", async () => {
  const { page } = await openFirst();
  await ask(page);
  await page.waitForSelector("#detail .region");
  await soon.deepEqual(() => page.$$eval("#detail .region", (all) => all.map((region) => region.textContent).sort()), ["red", "square"]);
  await part(page, "red").hover();
  await regionsLit(page, ["red"]);
  await soon.deepEqual(() => litPhrases(page), ["red"]);
  await soon.equal(() => page.locator(".asked-phrases .lit").textContent(), "red");
  await soon.equal(() => page.locator("#detail .heat.lit").count(), 1);
  // The hot half is seen through its colour, the other as it is.
  await soon.deepEqual(() => page.$eval("#detail .heat.lit", (canvas) => {
    const at = (x) => [...canvas.getContext("2d").getImageData(x, canvas.height / 2, 1, 1).data];
    return [at(2)[3] > 100, at(canvas.width - 3)[3]];
  }), [true, 0]);
  await soon.equal(() => page.$eval(".account .lit .dot", (dot) => getComputedStyle(dot).backgroundColor), ORANGE, "red stands first");
  await soon.equal(() => page.$eval(".region.lit", (region) => getComputedStyle(region).borderTopColor), ORANGE);
  await page.locator("#detail .region", { hasText: "square" }).hover();
  await regionsLit(page, ["square"]);
  await soon.deepEqual(() => litPhrases(page), ["square"]);
  await soon.match(() => page.textContent(".account .part.lit"), /^square/);
  // The region is half of the picture that it lies over, the right one.
  const [image, region] = [await page.locator("#detail figure img").boundingBox(), await page.locator("#detail .region.lit").boundingBox()];
  assert.ok(Math.abs(region.x - (image.x + image.width / 2)) < 2 && Math.abs(region.width - image.width / 2) < 2 && Math.abs(region.height - image.height) < 2);
  await page.mouse.move(5, 5);
  await page.waitForSelector(".lit", { state: "detached" });
});

test("keys are enough, and what is pressed stays lit", async () => {
  const { page } = await openFirst();
  await page.keyboard.press("w");
  await page.waitForSelector(".account .part");
  await part(page, "square").focus();
  await regionsLit(page, ["square"]);
  await page.keyboard.press("Tab");
  await regionsLit(page, ["red"]);
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await regionsLit(page, ["red"]);
  await soon.equal(() => part(page, "red").getAttribute("aria-pressed"), "true");
});

test("the large view has it beside the picture, over which it lies at any zoom", async () => {
  const { page } = await openFirst();
  await page.keyboard.press("f");
  await page.waitForSelector(".lightbox");
  await page.keyboard.press("w");
  await page.waitForSelector(".lightbox .region");
  await page.locator(".lightbox .account").getByRole("button", { name: "red" }).hover();
  await soon.deepEqual(() => litRegions(page, ".lightbox"), ["red"]);
  const half = async () => {
    const [image, region] = [await page.locator(".stage-image img").boundingBox(), await page.locator(".lightbox .region.lit").boundingBox()];
    assert.ok(Math.abs(region.x - image.x) < 2 && Math.abs(region.width - image.width / 2) < 2 && Math.abs(region.height - image.height) < 2);
  };
  await half();
  const before = await page.locator(".lightbox .region.lit span").boundingBox();
  await page.keyboard.press("+");
  await page.keyboard.press("+");
  await half();
  const after = await page.locator(".lightbox .region.lit span").boundingBox();
  assert.ok(Math.abs(after.height - before.height) < 2, "names stay as large as they are");
  await page.keyboard.press("w");
  await page.waitForSelector(".lightbox .region", { state: "detached" });
  await soon.equal(() => page.locator(".lightbox aside").count(), 0);
});

test("what is asked of one result is given up for the next, and what went wrong is told", async () => {
  const { page } = await open("#q=a+red+square");
  const asked = [];
  const given = [];
  page.on("requestfailed", (request) => request.url().endsWith("/explain") && given.push(request));
  await page.route("**/explain", async (route) => {
    asked.push(route.request());
    // The first is never answered.
    if (asked.length > 1) await route.fulfill({ status: 503, json: { type: "about:blank", title: "Too busy", status: 503, detail: "Ask again later." } });
  });
  await page.waitForSelector("#results .score");
  await page.locator(".card .open").first().click();
  const first = page.waitForRequest("**/explain");
  await page.keyboard.press("w");
  await first;
  await page.getByRole("button", { name: "Next result" }).click();
  const alert = page.locator("#detail").getByRole("alert");
  await alert.waitFor();
  await soon.equal(() => alert.textContent(), "Too busy. Ask again later.");
  assert.deepEqual(given, [asked[0]]);
  await soon.ok(async () => (await page.locator(".account tbody").count()) > 0, "what is known without is there");
});

test("more like this: the region that is most like it, as the server tells it", async () => {
  const { page, watched } = await open("#in=scenes");
  await page.waitForSelector("#results .card");
  const street = page.locator(".card", { hasText: "street 0" });
  await street.hover();
  await street.getByRole("button", { name: /^More like/ }).click();
  await page.waitForSelector("#results .score");
  await page.locator(".card .open").first().click();
  await ask(page);
  await page.waitForSelector("#detail .region");
  await soon.equal(() => page.textContent("#detail .region"), "most alike");
  const parts = await gives(page, ".part");
  const [whole] = await gives(page, "tr:not(.part)");
  assert.ok(Math.abs(sum(parts) - whole) <= 0.0005 * (parts.length + 1) + 1e-9, `${parts} are not ${whole}`);
  assert.deepEqual(watched, { elsewhere: [], complaints: [] });
});

test("of a painting, the classes that are where they were painted, in their colours", async () => {
  const { page } = await open("#in=scenes&panel=paint");
  await page.waitForSelector(".paint-classes button");
  await page.locator(".paint-classes").getByRole("button", { name: "sky" }).click();
  await page.getByRole("button", { name: /^Fill/ }).click();
  await page.locator(".paint-canvas").click();
  await page.waitForSelector("#results .score");
  await page.locator(".card .open").first().click();
  await ask(page);
  await page.waitForSelector(".account .part");
  await soon.match(() => page.textContent(".account .part"), /^sky\d+ %$/);
  await soon.equal(() => page.$eval(".account .part .dot", (dot) => getComputedStyle(dot).backgroundColor), "rgb(120, 190, 255)");
});

for (const [name, options] of Object.entries({ light: { colorScheme: "light" }, dark: { colorScheme: "dark" }, phone: PHONE, "phone, dark": { ...PHONE, colorScheme: "dark" } })) {
  test(`axe finds nothing, beside the results or large: ${name}`, async () => {
    const { page } = await openFirst(undefined, options);
    await ask(page);
    await page.waitForSelector("#detail .region");
    await part(page, "red").focus();
    assert.deepEqual(await findings(page), []);
    await page.keyboard.press("f");
    await page.waitForSelector(".lightbox .region");
    assert.deepEqual(await findings(page), []);
    await soon.equal(() => page.evaluate(() => document.documentElement.scrollWidth), page.viewportSize().width);
    const close = await page.locator(".lightbox header").getByRole("button", { name: "Close" }).boundingBox();
    assert.ok(close.x + close.width <= page.viewportSize().width && close.y < 60, "the way out is in sight");
  });
}
