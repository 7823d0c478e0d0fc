// How fast the page is on a running server; prints JSON. See tools/page_speed.py, which makes one.
import { chromium } from "playwright-core";

const [url, collection, words] = process.argv.slice(2);
const FLAGS = ["--no-sandbox", "--enable-unsafe-swiftshader", "--disable-background-networking"];
const LATENCY_MS = 40;
const browser = await chromium.launch({ executablePath: process.env.PLACELENS_CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });

function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN);
}

/** A page that notes when its first card came, its longest task, and when its results change. */
async function open(hash, { bitsPerS } = {}) {
  const context = await browser.newContext({ viewport: { width: 1360, height: 860 }, reducedMotion: "reduce" });
  context.setDefaultTimeout(120_000);
  const page = await context.newPage();
  await page.addInitScript(() => {
    const told = { firstCard: 0, longest: 0, changed: 0 };
    window.told = told;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) told.longest = Math.max(told.longest, duration);
    }).observe({ type: "longtask", buffered: true });
    new MutationObserver(() => {
      if (!told.firstCard && document.querySelector("#results .card")) told.firstCard = performance.now();
      requestAnimationFrame(() => (told.changed = performance.now()));
    }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["style", "data-id"] });
  });
  const devtools = await context.newCDPSession(page);
  await devtools.send("Network.enable");
  if (bitsPerS) await devtools.send("Network.emulateNetworkConditions", { offline: false, latency: LATENCY_MS, downloadThroughput: bitsPerS / 8, uploadThroughput: bitsPerS / 8 });
  let bytes = 0;
  devtools.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
  await page.goto(`${url}/#${hash}`);
  await page.waitForSelector("#results .card");
  return { page, sent: () => bytes };
}

const MAP_DRAWN = "#map[data-clusters][data-ready]";
const report = {};
{
  const { page, sent } = await open(`in=${collection}`);
  await page.waitForSelector(MAP_DRAWN, { state: "attached" });
  await page.waitForLoadState("networkidle");
  const { firstCard, longest } = await page.evaluate(() => window.told);
  Object.assign(report, { first_card_ms: Math.round(firstCard), sent_bytes: sent(), longest_task_ms: Math.round(longest) });
  await page.context().close();
}
{
  // Over a slow line, nothing of it kept from before.
  const { page } = await open(`in=${collection}`, { bitsPerS: 2e6 });
  await page.waitForSelector(MAP_DRAWN, { state: "attached" });
  const drawn = await page.evaluate(() => performance.now());
  const { firstCard } = await page.evaluate(() => window.told);
  Object.assign(report, { slow_line_first_card_ms: Math.round(firstCard), slow_line_map_ms: Math.round(drawn) });
  await page.context().close();
}
{
  const { page } = await open(`in=${collection}&q=${words}&near=48.85,2.35`);
  await page.waitForSelector("#mu:not(:disabled)");
  // One move at a time, each waited for: from the input to the painted ranking.
  const waits = [];
  for (let step = 0; step < 40; step++) {
    const answered = page.waitForResponse((response) => response.url().endsWith("/search"));
    const start = await page.evaluate((value) => {
      const slider = document.querySelector("#mu");
      slider.value = String(value);
      const now = performance.now();
      slider.dispatchEvent(new Event("input", { bubbles: true }));
      return now;
    }, (step % 20) / 20);
    await answered;
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    waits.push((await page.evaluate(() => window.told.changed)) - start);
  }
  // Dragged for three seconds, a move each frame.
  let rankings = 0;
  page.on("response", (response) => response.url().endsWith("/search") && (rankings += 1));
  await page.evaluate(() => new Promise((done) => {
    const slider = document.querySelector("#mu");
    const start = performance.now();
    const move = (now) => {
      slider.value = String(((now - start) / 3000).toFixed(2));
      slider.dispatchEvent(new Event("input", { bubbles: true }));
      if (now - start < 3000) requestAnimationFrame(move);
      else done();
    };
    requestAnimationFrame(move);
  }));
  Object.assign(report, { slider_p95_ms: quantile(waits, 0.95), rankings_a_second: Number((rankings / 3).toFixed(1)) });
  const typed = [];
  for (const word of ["red", "green", "blue", "square", "pier", "boat", "sea", "tree", "house", "road", "snow", "sand"]) {
    await page.fill("#words", "");
    const answered = page.waitForResponse((response) => response.url().endsWith("/search") && JSON.stringify(response.request().postDataJSON().text) === JSON.stringify(word));
    await page.locator("#words").pressSequentially(word);
    const start = await page.evaluate(() => performance.now());
    await answered;
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    typed.push((await page.evaluate(() => window.told.changed)) - start);
  }
  report.typing_p95_ms = quantile(typed, 0.95);
  await page.context().close();
}
{
  const { page } = await open(`in=${collection}`);
  const pages = [];
  page.on("requestfinished", (request) => {
    if (request.url().endsWith("/search")) pages.push(request.timing().responseEnd);
  });
  while (pages.length < 50) {
    const before = pages.length;
    await page.$eval("#results", (results) => results.scrollTo(0, results.scrollHeight));
    await page.waitForTimeout(20);
    if (pages.length === before) await page.waitForTimeout(20);
  }
  Object.assign(report, {
    pages_1_to_10_ms: quantile(pages.slice(0, 10), 0.5),
    pages_41_to_50_ms: quantile(pages.slice(40, 50), 0.5),
    cards_in_the_page: await page.locator("#results .card").count(),
  });
}
{
  // From where a stroke ends to the painted ranking.
  const { page } = await open(`in=${collection}&panel=paint`);
  await page.waitForSelector(".paint-classes button");
  const canvas = await page.locator(".paint-canvas").boundingBox();
  const at = (x, y) => [canvas.x + x * canvas.width, canvas.y + y * canvas.height];
  const waits = [];
  for (let stroke = 0; stroke < 22; stroke++) {
    await page.locator(".paint-classes button").nth(stroke % 8).click();
    const y = 0.08 + 0.04 * stroke;
    await page.mouse.move(...at(0.1, y));
    await page.mouse.down();
    await page.mouse.move(...at(0.9, y), { steps: 6 });
    const answered = page.waitForResponse((response) => response.url().endsWith("/search"));
    await page.evaluate(() => addEventListener("pointerup", () => (window.lifted = performance.now()), { capture: true, once: true }));
    await page.mouse.up();
    await answered;
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    waits.push(await page.evaluate(() => window.told.changed - window.lifted));
  }
  // The first reads the class maps, as the first search of a day does.
  Object.assign(report, { first_stroke_ms: Math.round(waits[0]), stroke_median_ms: quantile(waits.slice(2), 0.5), stroke_p95_ms: quantile(waits.slice(2), 0.95) });
  await page.context().close();
}
await browser.close();
console.log(JSON.stringify(report));
