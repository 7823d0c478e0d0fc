// Painting what is to be seen, and where: every stroke is a question, and a result is a canvas.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { shownIds, shownTitles, soon, useBrowser } from "./browser.mjs";

const open = useBrowser({ panel: "paint" });
const SCENES = "#in=scenes";
const SKY = [120, 190, 255, 255];
const ROAD = [110, 105, 120, 255];
const NOTHING = [0, 0, 0, 0];

/** The canvas, once there is something to paint with. */
async function openCanvas(hash = SCENES, options = {}) {
  const opened = await open(hash, options);
  await opened.page.waitForSelector(".paint-classes button");
  await opened.page.waitForSelector("#results .card");
  return opened;
}

const choose = (page, name) => page.locator(".paint-classes").getByRole("button", { name }).click();
const button = (page, name) => page.locator("#paint").getByRole("button", { name });
const nextSearch = (page) => page.waitForRequest((request) => request.url().endsWith("/search"));
const painted = (request) => request.postDataJSON().terms?.[0];
const inAddress = (page, part) => page.evaluate((part) => new URLSearchParams(location.hash.slice(1)).get(part), part);

/** Where a part of the canvas is on the screen, from its left and upper edge. */
async function place(page, [x, y]) {
  const box = await page.locator(".paint-canvas").boundingBox();
  return [box.x + x * box.width, box.y + y * box.height];
}

/** Draw a line; gives what was asked at its end. */
async function draw(page, from, to) {
  const asked = nextSearch(page);
  await page.mouse.move(...(await place(page, from)));
  await page.mouse.down();
  await page.mouse.move(...(await place(page, to)), { steps: 5 });
  await page.mouse.up();
  return painted(await asked);
}

/** Sky above and road below, in broad strokes. */
async function drawStreet(page) {
  await button(page, /^Very large brush/).click();
  await choose(page, "sky");
  await draw(page, [0, 0.2], [1, 0.2]);
  await choose(page, "road");
  return await draw(page, [0, 0.8], [1, 0.8]);
}

/** Red, green, blue and opacity of what is painted at a place. */
function colourAt(page, x, y) {
  return page.$eval(".paint-canvas canvas:not(.parts)", (canvas, [x, y]) => [
    ...canvas.getContext("2d").getImageData(x * canvas.width, y * canvas.height, 1, 1).data,
  ], [x, y]);
}

/** Wait until the three best are of one scene. */
function bestAre(page, scene) {
  return page.waitForFunction((scene) => {
    const cards = [...document.querySelectorAll("#results:not([aria-busy=true]) .card .title")].slice(0, 3);
    return cards.length === 3 && cards.every((title) => title.textContent.startsWith(scene));
  }, scene);
}

test("sky over road finds the streets, and road over sky what is upside down", async () => {
  const { page, watched } = await openCanvas();
  const asked = [];
  page.on("request", (request) => request.url().endsWith("/search") && asked.push(painted(request)));
  const { kind, weight, value } = await drawStreet(page);
  assert.deepEqual([kind, weight, value.classes, value.form], ["sketch", 1, ["sky", "road"], "paper"]);
  assert.deepEqual([value.cells.length, value.cells[0].length], [14, 14]);
  assert.deepEqual([value.cells[2][7], value.cells[11][7]], [0, 1]);
  assert.equal(asked.length, 2, "a stroke is one question, asked at its end");
  await bestAre(page, "street");
  await page.getByText("as painted", { exact: true }).waitFor();
  await button(page, /^Clear/).click();
  await page.getByText("12 items").waitFor();
  await choose(page, "road");
  await draw(page, [0, 0.2], [1, 0.2]);
  await choose(page, "sky");
  await draw(page, [0, 0.8], [1, 0.8]);
  await bestAre(page, "upside down");
  assert.deepEqual(watched, { elsewhere: [], complaints: [] });
});

test("strokes do not move the canvas, and what was done is undone and done again", async () => {
  const { page } = await openCanvas();
  const before = await place(page, [0, 0]);
  await drawStreet(page);
  await page.waitForSelector("#results .score");
  await soon.deepEqual(() => place(page, [0, 0]), before);
  await page.keyboard.press("Control+z");
  await soon.deepEqual(() => colourAt(page, 0.5, 0.8), NOTHING);
  await soon.deepEqual(() => colourAt(page, 0.5, 0.2), SKY);
  await button(page, /^Undo/).click();
  await page.getByText("12 items").waitFor();
  await soon.equal(() => button(page, /^Undo/).isDisabled(), true);
  await button(page, /^Redo/).click();
  await page.locator(".paint-canvas").focus();
  await page.keyboard.press("Control+Shift+Z");
  await soon.deepEqual(() => colourAt(page, 0.5, 0.8), ROAD);
  await bestAre(page, "street");
  // A chip that is removed is a step like any other.
  await page.getByRole("button", { name: "Remove what is painted" }).click();
  await soon.deepEqual(() => colourAt(page, 0.5, 0.8), NOTHING);
  await button(page, /^Undo/).click();
  await soon.deepEqual(() => colourAt(page, 0.5, 0.8), ROAD);
});

test("the address holds what is painted; back leads to where one was before painting", async () => {
  const { page } = await open("#in=scenes&q=meadow");
  await page.getByRole("navigation", { name: "Panels" }).getByRole("button", { name: "Paint" }).click(); // closes it
  await page.waitForSelector("#paint", { state: "detached" });
  await page.getByRole("button", { name: "Paint", exact: true }).click();
  await page.waitForSelector(".paint-classes button");
  await drawStreet(page);
  const pixel = await colourAt(page, 0.5, 0.2);
  await page.reload();
  await page.waitForSelector(".paint-classes button");
  await page.waitForFunction(() => document.querySelector(".painting canvas")?.getContext("2d").getImageData(100, 40, 1, 1).data[3]);
  await soon.deepEqual(() => colourAt(page, 0.5, 0.2), pixel);
  await soon.equal(() => page.inputValue("#words"), "meadow");
  await page.goBack();
  await page.waitForSelector("#paint", { state: "detached" });
  await soon.equal(() => inAddress(page, "paint"), null);
  await page.goForward();
  await page.waitForSelector(".paint-canvas");
  await soon.deepEqual(() => colourAt(page, 0.5, 0.2), pixel);
  // Closed, it is asked all the same, and its chip opens it again.
  await button(page, /^Close the canvas/).click();
  await soon.notEqual(() => inAddress(page, "paint"), null);
  await page.getByRole("button", { name: "Go on painting" }).click();
  await page.waitForSelector(".paint-canvas");
});

test("the bucket fills, the eraser takes away, and Escape gives a stroke up", async () => {
  const { page } = await openCanvas();
  await choose(page, "sky");
  await button(page, /^Fill/).click();
  const filled = nextSearch(page);
  await page.mouse.click(...(await place(page, [0.99, 0.99])));
  assert.ok(painted(await filled).value.cells.flat().every((cell) => cell === 0));
  await button(page, /^Eraser/).click();
  await button(page, /^Large brush/).click();
  const { value } = await draw(page, [0.1, 0.5], [0.9, 0.5]);
  assert.deepEqual([value.cells[7][7], value.cells[1][7]], [null, 0]);
  await soon.deepEqual(() => colourAt(page, 0.5, 0.5), NOTHING);
  // To choose a colour is to go on painting; this stroke is given up before its end.
  await choose(page, "road");
  await soon.equal(() => button(page, /^Brush/).getAttribute("aria-pressed"), "true");
  await page.mouse.move(...(await place(page, [0.3, 0.1])));
  await page.mouse.down();
  await page.mouse.move(...(await place(page, [0.6, 0.1])), { steps: 3 });
  await soon.deepEqual(() => colourAt(page, 0.5, 0.1), ROAD);
  await page.keyboard.press("Escape");
  await page.mouse.up();
  await soon.deepEqual(() => colourAt(page, 0.5, 0.1), SKY);
});

test("a stroke that is too thin says so, and asks nothing", async () => {
  const { page } = await openCanvas();
  await choose(page, "sky");
  await button(page, /^Small brush/).click();
  const asked = nextSearch(page);
  const corner = await place(page, [2 / 14, 2 / 14]); // where four cells meet, none is half full
  await page.mouse.click(...corner);
  assert.equal(painted(await asked), undefined);
  await page.getByText("Too thin to be compared").waitFor();
});

test("keys are enough", async () => {
  const { page } = await openCanvas();
  await page.getByRole("application").focus();
  await page.keyboard.press("3"); // road is the third
  await page.keyboard.press("[");
  for (let i = 0; i < 20; i++) await page.keyboard.press("ArrowDown");
  for (let i = 0; i < 20; i++) await page.keyboard.press("ArrowLeft");
  await soon.equal(() => page.textContent(".paint-status"), "Row 14, column 1: anything");
  const asked = nextSearch(page);
  await page.keyboard.press("Space");
  assert.equal(painted(await asked).value.cells[13][0], 0);
  await soon.equal(() => page.textContent(".paint-status"), "Row 14, column 1: road");
  for (let i = 0; i < 13; i++) await page.keyboard.press("Shift+ArrowRight");
  await soon.deepEqual(() => colourAt(page, 0.99, 0.99), ROAD);
  await page.keyboard.press("e");
  await page.keyboard.press("Space");
  await soon.deepEqual(() => colourAt(page, 0.99, 0.99), NOTHING);
  // The bucket's key is not the page's own while one paints.
  await page.keyboard.press("g");
  await soon.equal(() => button(page, /^Fill/).getAttribute("aria-pressed"), "true");
  await soon.equal(() => inAddress(page, "panel"), "paint");
  await page.keyboard.press("Escape");
  await page.waitForSelector("#paint", { state: "detached" });
});

test("a finger paints, and the page stays where it is", async () => {
  const { page, context } = await openCanvas(SCENES, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await soon.equal(() => page.evaluate(() => document.documentElement.scrollWidth), 390);
  await page.locator(".paint-classes").getByRole("button", { name: "sky" }).tap();
  await button(page, /^Very large brush/).tap();
  const touches = await context.newCDPSession(page);
  const touch = async (type, ...points) => touches.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
  const [left, right] = [await place(page, [0.05, 0.2]), await place(page, [0.95, 0.25])];
  const asked = nextSearch(page);
  await touch("touchStart", left);
  // A second finger is no second brush.
  await touch("touchMove", right, await place(page, [0.5, 0.9]));
  await touch("touchEnd");
  const { value } = painted(await asked);
  assert.deepEqual([value.cells[3][0], value.cells[3][7], value.cells[12][7]], [0, 0, null]);
  await soon.equal(() => page.evaluate(() => window.scrollY), 0);
  await page.waitForSelector("#results .score");
  const [canvas, card] = [await page.locator(".paint-canvas").boundingBox(), await page.locator(".card").first().boundingBox()];
  assert.ok(card.y > canvas.y + canvas.height && card.y < 844, "what it finds is below it, in sight");
});

test("a painting is saved as PNG and opens again; another picture is no painting", async () => {
  const { page } = await openCanvas();
  await drawStreet(page);
  const before = await inAddress(page, "paint");
  const [download] = await Promise.all([page.waitForEvent("download"), button(page, /^Save/).click()]);
  assert.equal(download.suggestedFilename(), "painting.png");
  const buffer = await readFile(await download.path());
  assert.equal(buffer.readUInt32BE(16) / buffer.readUInt32BE(20), 4 / 3);
  await button(page, /^Clear/).click();
  await page.getByText("12 items").waitFor();
  await page.setInputFiles("#paint-open", { name: "mine.png", mimeType: "image/png", buffer });
  await bestAre(page, "street");
  await soon.equal(async () => (await inAddress(page, "paint")).split(":").at(-1), before.split(":").at(-1));
  const photo = await page.request.get(new URL(await page.locator(".card img").first().getAttribute("src"), page.url()).href);
  await page.setInputFiles("#paint-open", { name: "photo.png", mimeType: "image/png", buffer: await photo.body() });
  await page.getByRole("alert").getByText("photo.png is no painting").waitFor();
  await soon.equal(async () => (await inAddress(page, "paint")).split(":").at(-1), before.split(":").at(-1));
});

test("a result becomes the canvas: this, but with a road there", async () => {
  const { page, watched } = await openCanvas();
  const meadow = page.locator(".card", { hasText: "meadow 0" });
  const id = await meadow.getAttribute("data-id");
  await meadow.locator(".open").click();
  const asked = nextSearch(page);
  await page.locator("#detail").getByRole("button", { name: "Paint on this" }).click();
  assert.deepEqual(painted(await asked).value, { form: "paper", over: { item: id } });
  await page.getByText("laid out like this").waitFor();
  await page.waitForFunction((id) => document.querySelector(".paint-canvas img").src.includes(id), id);
  await choose(page, "road");
  await button(page, /^Very large brush/).click();
  await draw(page, [0, 0.7], [1, 0.7]);
  const { value } = await draw(page, [0, 0.95], [1, 0.95]);
  assert.deepEqual(value.over, { item: id });
  assert.equal(value.cells[12][7], value.classes.indexOf("road"));
  await bestAre(page, "street");
  await page.getByText("as painted over").waitFor();
  // What the photo shows can be seen under the paint; a link brings the photo back.
  await button(page, "What the photo shows").click();
  await page.waitForSelector(".paint-canvas .parts");
  await page.reload();
  await page.waitForFunction((id) => document.querySelector(".paint-canvas img")?.src.includes(id), id);
  await button(page, "Without the photo").click();
  await page.getByText("as painted", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Remove what is painted" }).click();
  await page.getByText("12 items").waitFor();
  await soon.equal(() => inAddress(page, "paint"), null);
  assert.deepEqual(watched, { elsewhere: [], complaints: [] });
});

test("words, a place and a weight go with it, and a card is painted on too", async () => {
  const { page } = await openCanvas("#in=scenes&q=red&near=45,4");
  await drawStreet(page);
  await page.waitForFunction(() => /meaning \d.*place \d/.test(document.querySelector("#results .score-bar")?.getAttribute("aria-label")));
  const asked = nextSearch(page);
  await page.getByRole("combobox", { name: "Weight of this example" }).selectOption("-1");
  const request = (await asked).postDataJSON();
  assert.deepEqual([request.text, request.near.lat, request.terms[0].weight], ["red", 45, -1]);
  await page.getByText("laid out otherwise").waitFor();
  const [first] = await shownIds(page);
  await page.hover(`[data-id="${first}"]`);
  await page.locator(`[data-id="${first}"] .paint-on`).click();
  await page.waitForFunction((id) => new URLSearchParams(location.hash.slice(1)).get("over") === id, first);
});

test("one's own picture is painted on, and is no example any more", async () => {
  const { page } = await openCanvas();
  const buffer = Buffer.from(await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(280, 210);
    const context = canvas.getContext("2d");
    for (const [colour, top] of [["rgb(70,120,230)", 0], ["rgb(40,160,50)", 105]]) {
      context.fillStyle = colour;
      context.fillRect(0, top, 280, 105);
    }
    return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
  }));
  const picture = { name: "mine.png", mimeType: "image/png", buffer };
  await page.setInputFiles("#paint-photo", picture);
  await page.getByText("laid out like this").waitFor();
  await bestAre(page, "meadow");
  await choose(page, "road");
  await button(page, /^Fill/).click();
  const asked = nextSearch(page);
  await page.mouse.click(...(await place(page, [0.5, 0.8])));
  const { over } = painted(await asked).value;
  assert.equal(Buffer.from(over.map, "base64").length, 14 * 14 * 4);
  await page.getByRole("button", { name: "Remove what is painted" }).click();
  await page.setInputFiles("#files", picture);
  await page.getByRole("button", { name: "Paint on the picture mine.png" }).click();
  await page.getByText("laid out like this").waitFor();
  await soon.equal(() => page.getByText("mine.png").count(), 0);
  await bestAre(page, "meadow");
});

test("where no class maps are kept, the page says how to make them", async () => {
  const { page } = await open("#in=squares");
  await page.getByText("placelens index squares --features class_map").waitFor();
  await soon.equal(() => page.locator(".paint-canvas").count(), 0);
  await page.waitForSelector("#results .card");
  await soon.equal(() => page.locator(".paint-on").count(), 0);
  await soon.match(async () => (await shownTitles(page))[0], /square/);
});
