// What every browser test needs: a page of the server under test, and a watch over what it does.
import assert from "node:assert/strict";
import { after, afterEach, before } from "node:test";
import { chromium } from "playwright-core";

const SERVER = process.env.PLACELENS_URL;
const CHROMIUM = process.env.PLACELENS_CHROMIUM ?? "/usr/bin/chromium";
const PATIENCE_MS = Number(process.env.PLACELENS_PATIENCE_MS ?? 600_000); // only against hanging: machines are shared
const SLOW_PATHS = process.env.PLACELENS_SLOW_PATHS; // to try out that no test depends on which answer comes first
// SwiftShader draws the map in software; the rest keeps Chromium itself from calling home.
const FLAGS = ["--no-sandbox", "--enable-unsafe-swiftshader", "--disable-background-networking"];

/** One browser for a test file; `panel` "results" leaves the map, which is slow to draw here, aside. */
export function useBrowser({ panel = "both" } = {}) {
  let browser;
  let contexts = [];
  before(async () => {
    assert.ok(SERVER, "PLACELENS_URL must name a running server; pytest -m browser sets it");
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  });
  // A page that stays open goes on drawing its map.
  afterEach(async () => {
    await Promise.all(contexts.map((context) => context.close()));
    contexts = [];
  });
  after(() => browser?.close());

  /** Open the page; `watched` holds what it asked for elsewhere and what it complained of. */
  return async function open(hash = "", { panel: own = panel, ...options } = {}) {
    const context = await browser.newContext({
      viewport: { width: 1360, height: 860 },
      reducedMotion: "reduce",
      ...options,
    });
    contexts.push(context);
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    if (SLOW_PATHS) await slowDown(context, 100, new RegExp(SLOW_PATHS));
    const watched = { elsewhere: [], complaints: [] };
    page.on("request", (request) => {
      const url = new URL(request.url());
      const here = url.origin === new URL(SERVER).origin || ["data:", "blob:"].includes(url.protocol);
      if (!here) watched.elsewhere.push(request.url());
    });
    page.on("console", (message) => {
      if (message.type() === "error") watched.complaints.push(message.text());
    });
    page.on("pageerror", (error) => watched.complaints.push(String(error)));
    const address = own === "both" ? hash : `${hash || "#"}&panel=${own}`;
    await page.goto(`${SERVER}/${address}`);
    return { page, watched, context };
  };
}

/** Draw late, and answer what is asked of some paths after two seconds: what a test reads too early is seen then. */
async function slowDown(context, milliseconds, paths) {
  await context.addInitScript((milliseconds) => {
    // Preact binds this once, and calls it whenever something is to be drawn.
    const { then } = Promise.prototype;
    const later = function (...args) {
      return then.apply(this, args);
    };
    later.bind = () => (draw) => setTimeout(draw, milliseconds);
    Promise.prototype.then = later;
  }, milliseconds);
  await context.route(paths, async (route) => {
    await new Promise((done) => setTimeout(done, 2000));
    await route.fallback();
  });
}

/** What `assert` has, for what a function reads off the page: read again until it holds, as the page draws when it can. */
export const soon = Object.fromEntries(
  ["ok", "equal", "notEqual", "deepEqual", "match", "doesNotMatch"].map((name) => [name, async (read, ...expected) => {
    for (const end = performance.now() + PATIENCE_MS; ; await new Promise((done) => setTimeout(done, 50))) {
      try {
        return assert[name](await read(), ...expected);
      } catch (failure) {
        if (performance.now() > end) throw failure;
      }
    }
  }]),
);

/** Ids of the cards, in the order shown. */
export function shownIds(page) {
  return page.$$eval("#results .card", (cards) => cards.map((card) => card.dataset.id));
}

/** Titles of the cards, in the order shown. */
export function shownTitles(page) {
  return page.$$eval("#results .card .open", (cards) => cards.map((card) => card.textContent));
}

/** Type words and wait until the answer's best hit is the first card; what was shown before stays till then. */
export async function searchFor(page, words) {
  // The answer to what was asked before may still be on its way.
  const isAnswer = (response) => response.url().endsWith("/search") && response.request().postDataJSON().text === words;
  const answered = bodyOf(page, isAnswer);
  await page.fill("#words", words);
  await page.keyboard.press("Enter");
  const answer = await answered;
  await firstCardIs(page, answer.hits[0].id);
}

/** What the first answer holds that the page did not give up before it was read, as JSON. */
export function bodyOf(page, isAnswer) {
  return new Promise((done) => {
    const listen = async (response) => {
      if (!isAnswer(response)) return;
      const body = await response.json().catch(() => null);
      if (body === null) return;
      page.off("response", listen);
      done(body);
    };
    page.on("response", listen);
  });
}

/** Wait until an item is the first card, and no answer is on its way. */
export function firstCardIs(page, id) {
  return page.waitForFunction(
    (id) => document.querySelector("#results:not([aria-busy=true]) .card")?.dataset.id === id,
    id,
  );
}

/** Wait until the map can be drawn on; it may be behind the results, where the screen is narrow. */
export function mapReady(page) {
  return page.waitForSelector("#map[data-ready=true]", { state: "attached" });
}
