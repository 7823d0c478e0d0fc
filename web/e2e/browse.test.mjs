// Looking without asking: the newest first, by month and day, large, many at once, and back again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { searchFor, shownIds, soon, useBrowser } from "./browser.mjs";

const open = useBrowser({ panel: "results" });

const opened = (page) => page.evaluate(() => new URLSearchParams(location.hash.slice(1)).get("item"));

test("without a question the newest are shown, under their months", async () => {
  const { page, watched } = await open("#in=years");
  await page.waitForSelector("#results .card");
  await soon.equal(() => page.textContent(".status"), "600 items");
  await soon.equal(() => page.textContent(".grid .heading"), "December 2019");
  await soon.match(() => page.textContent(".card .facts"), /28 Dec 2019/);
  await soon.equal(() => page.locator(".timeline button").count(), 60);
  await page.selectOption("#sort", "oldest");
  await page.getByText("1 Jan 2015").first().waitFor();
  assert.deepEqual(watched, { elsewhere: [], complaints: [] });
});

test("a photo of a known day is found in three clicks, without a word", async () => {
  const { page } = await open("#in=years");
  await page.getByRole("button", { name: "June 2017: 10 items" }).click();
  await page.getByRole("button", { name: "Tuesday, 13 June 2017: 1 item" }).click();
  await page.getByText("1 item", { exact: true }).waitFor();
  await page.locator(".card .open").click();
  await page.getByRole("heading", { name: "number 294" }).waitFor();
  await page.getByRole("button", { name: "All dates" }).click();
  await page.getByText("600 items").waitFor();
});

test("ten thousand hits would cost what fifty do: only rows in sight are in the page", async () => {
  const { page } = await open("#in=years");
  await page.waitForSelector("#results .card");
  const seen = new Set();
  while (true) {
    const ids = await shownIds(page);
    assert.ok(ids.length < 80, `${ids.length} cards at once`);
    for (const id of ids) seen.add(id);
    if (seen.size === 600) break;
    const height = await page.$eval("#results", (results) => {
      results.scrollBy(0, 1400);
      return results.scrollTop + results.clientHeight >= results.scrollHeight - 1 ? results.scrollHeight : 0;
    });
    // At its end the grid grows by the next page.
    if (height) await page.waitForFunction((before) => document.querySelector("#results").scrollHeight > before || document.querySelector('.card[aria-posinset="600"]'), height);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  }
});

test("an open item has an address, and back leads through what was asked", async () => {
  const { page } = await open("#in=squares");
  await searchFor(page, "red");
  await page.waitForFunction(() => document.title.startsWith("red · squares"));
  const [first] = await shownIds(page);
  await page.click(`[data-id="${first}"] .open`);
  await page.waitForSelector("#detail");
  await soon.equal(() => opened(page), first);
  const link = page.url();
  await page.goBack();
  await page.waitForSelector("#detail", { state: "detached" });
  await soon.equal(() => page.inputValue("#words"), "red");
  await page.goBack();
  await page.getByText("28 items").waitFor();
  await page.goForward();
  await page.getByText(/^Best 28 matches/).waitFor();
  const { page: other } = await open(new URL(link).hash);
  await other.waitForSelector("#detail h2");
  await soon.equal(() => opened(other), first);
});

test("links to what is not there say so", async () => {
  const { page } = await open("#in=nowhere&q=red");
  const alert = page.getByRole("alert");
  await alert.waitFor();
  await soon.match(() => alert.textContent(), /no collection nowhere here.*squares, years, mine/s);
  const { page: other } = await open("#in=squares&item=nobody");
  await other.getByRole("alert").waitFor();
  await soon.match(() => other.getByRole("alert").textContent(), /no item nobody/);
  await other.waitForSelector("#results .card");
});

test("the large view steps, zooms, and leaves by Escape", async () => {
  const { page } = await open("#in=squares&q=green");
  await page.waitForSelector("#results .score");
  const [first, second] = await shownIds(page);
  await page.locator(".card .open").first().click();
  await page.keyboard.press("f");
  await page.waitForSelector(".lightbox .image-view");
  await page.keyboard.press("ArrowRight");
  await soon.equal(() => opened(page), second);
  await page.keyboard.press("ArrowLeft");
  await soon.equal(() => opened(page), first);
  await page.waitForSelector(`.image-view[data-picture*="${first}"]`);
  await page.keyboard.press("+");
  await page.waitForSelector(".image-view.zoomed");
  await page.keyboard.press("0");
  await page.waitForSelector(".image-view:not(.zoomed)");
  await page.keyboard.press("i");
  await page.getByRole("dialog").getByText("Attributes").waitFor();
  await page.keyboard.press("Escape");
  await page.waitForSelector(".lightbox", { state: "detached" });
  await soon.equal(() => page.isVisible("#detail"), true);
});

test("many are selected by Control, by Shift, by a rectangle, and by keys", async () => {
  const { page } = await open("#in=squares");
  await page.waitForSelector("#results .card");
  const count = () => page.textContent(".selection [role=status]");
  const cards = page.locator(".card .open");
  await cards.nth(0).click({ modifiers: ["Control"] });
  await soon.equal(() => count(), "1 item selected");
  await cards.nth(4).click({ modifiers: ["Shift"] });
  await soon.equal(() => count(), "5 items selected");
  await page.keyboard.press("Escape");
  await page.waitForSelector(".selection", { state: "detached" });
  await cards.nth(1).focus();
  await page.keyboard.press("x");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press(" ");
  await soon.equal(() => count(), "2 items selected");
  await page.keyboard.press("Control+a");
  await soon.equal(() => count(), "28 items selected");
  await page.getByRole("button", { name: "Clear the selection" }).click();
  const [a, b] = [await page.locator(".card").nth(0).boundingBox(), await page.locator(".card").nth(1).boundingBox()];
  await page.mouse.move(a.x + a.width + 8, a.y + 30); // between the cards
  await page.mouse.down();
  await page.mouse.move(b.x + b.width / 2, a.y + 60, { steps: 4 });
  await page.mouse.up();
  await soon.equal(() => count(), "1 item selected");
});

test("suggestions are places, values and what was asked before", async () => {
  const { page } = await open("#in=squares");
  await page.waitForSelector("#results .card");
  await searchFor(page, "purple");
  await page.fill("#words", "");
  await page.locator("#words").pressSequentially("square Lyo");
  const list = page.getByRole("listbox", { name: "Suggestions" });
  await list.getByText("city, 7").waitFor();
  await list.getByText("near Lyon, France").waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByText("City is Lyon").waitFor();
  await soon.equal(() => page.inputValue("#words"), "square");
  await page.fill("#words", "");
  await page.locator("#words").pressSequentially("pur");
  await list.getByText("asked before").waitFor();
});

test("values that come after the words are suggested then, and what keys have led to stays chosen", async () => {
  const { page } = await open("#in=squares");
  let answer;
  await page.route("**/values?*", (route) => {
    answer = () => route.continue();
  });
  await page.reload();
  await page.waitForSelector("#results .card");
  await page.locator("#words").pressSequentially("square Lyo");
  const list = page.getByRole("listbox", { name: "Suggestions" });
  await list.getByText("near Lyon, France").waitFor();
  await page.keyboard.press("ArrowDown");
  await list.locator('[aria-selected="true"]', { hasText: "near Lyon, France" }).waitFor();
  await soon.ok(() => answer !== undefined);
  await answer();
  await list.getByText("city, 7").waitFor();
  await list.locator('[aria-selected="true"]', { hasText: "near Lyon, France" }).waitFor();
  await page.keyboard.press("Enter");
  await soon.equal(() => page.inputValue("#words"), "square near Lyon, France");
});

test("a chip that goes hands the focus on", async () => {
  const { page } = await open("#in=squares&q=square&time=2015-01-01..2030-01-01&modality=image");
  await page.getByRole("button", { name: "Remove the dates" }).click();
  await soon.equal(() => page.evaluate(() => document.activeElement.getAttribute("aria-label")), "Compare everything");
  await page.keyboard.press("Enter");
  await soon.equal(() => page.evaluate(() => document.activeElement.id), "words");
});

test("a server that is gone is told once, and is asked again when it is back", async () => {
  const { page } = await open("#in=squares&q=red");
  await page.waitForSelector("#results .score");
  await page.route("**/v1/**", (route) => route.abort("connectionrefused"));
  await page.fill("#words", "blue");
  const alert = page.getByRole("alert");
  await alert.waitFor();
  await soon.match(() => alert.textContent(), /does not answer/);
  await soon.equal(async () => await page.locator("#results.stale .card").count() > 0, true);
  await page.unroute("**/v1/**");
  await page.getByRole("button", { name: "Try again now" }).click();
  await alert.waitFor({ state: "detached" });
  await page.waitForFunction(() => document.querySelector("#results .card .title").textContent.startsWith("blue"));
});
