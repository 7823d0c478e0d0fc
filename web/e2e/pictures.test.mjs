// Searching with pictures: dropped, chosen, and by likeness to a result.
import assert from "node:assert/strict";
import { test } from "node:test";
import { searchFor, shownIds, shownTitles, soon, useBrowser } from "./browser.mjs";

const open = useBrowser({ panel: "results" });

/** A file of one colour, made in the page. */
function colourFile(page, colour) {
  return page.evaluateHandle(async (fill) => {
    const canvas = new OffscreenCanvas(300, 200);
    const context = canvas.getContext("2d");
    context.fillStyle = fill;
    context.fillRect(0, 0, 300, 200);
    const transfer = new DataTransfer();
    transfer.items.add(new File([await canvas.convertToBlob()], "mine.png", { type: "image/png" }));
    return transfer;
  }, colour);
}

test("a dropped picture finds its like, and its weight can be turned", async () => {
  const { page, watched } = await open();
  await page.waitForSelector("#results .card");
  const dataTransfer = await colourFile(page, "rgb(40,160,50)");
  await page.dispatchEvent("#results", "dragenter", { dataTransfer });
  await soon.equal(() => page.isVisible("#drop"), true);
  await page.dispatchEvent("#results", "drop", { dataTransfer });
  await page.waitForSelector("#results .score");
  await soon.equal(() => page.isVisible("#drop"), false);
  await soon.match(async () => (await shownTitles(page))[0], /^green/);
  await page.getByText("mine.png").waitFor();
  const green = await shownIds(page);
  await page.getByRole("combobox", { name: "Weight of this example" }).selectOption("-1");
  await page.waitForFunction((id) => document.querySelector("#results .card").dataset.id !== id, green[0]);
  await page.getByRole("button", { name: "Remove the picture mine.png" }).click();
  await page.getByText("28 items").waitFor();
  assert.deepEqual(watched, { elsewhere: [], complaints: [] });
});

test("a pasted picture searches too", async () => {
  const { page } = await open();
  await page.waitForSelector("#results .card");
  const clipboardData = await colourFile(page, "rgb(220,30,30)");
  await page.evaluate((data) => {
    document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
  }, clipboardData);
  await page.waitForSelector("#results .score");
  await soon.match(async () => (await shownTitles(page))[0], /^red/);
});

test("more like this takes a result for an example and leaves it out", async () => {
  const { page } = await open("#q=blue");
  await page.waitForSelector("#results .card");
  const [first] = await shownIds(page);
  await page.hover(`[data-id="${first}"]`);
  await page.getByRole("button", { name: /^More like blue/ }).first().click();
  await page.waitForSelector(`.card[data-id="${first}"]`, { state: "detached" });
  await page.getByText("like this", { exact: true }).waitFor();
  assert.match(page.url(), /like=1/);
});

test("a file that is no picture is told in words", async () => {
  const { page } = await open();
  await page.waitForSelector("#results .card");
  await page.setInputFiles("#files", {
    name: "notes.txt",
    mimeType: "text/plain",
    buffer: Buffer.from("not a picture"),
  });
  const alert = page.getByRole("alert");
  await alert.waitFor();
  await soon.match(() => alert.textContent(), /not an image/);
  // It stands in the way of nothing.
  await searchFor(page, "red");
  await soon.match(async () => (await shownTitles(page))[0], /^red/);
});
