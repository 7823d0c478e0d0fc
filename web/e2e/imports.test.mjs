// Taking pictures in from the page, exports and marks of what is selected.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { soon, useBrowser } from "./browser.mjs";

const open = useBrowser({ panel: "results" });
const TOKEN = process.env.PLACELENS_TOKEN;

/** A picture of one colour, as a file of its own. */
async function picture(page, colour, name) {
  const bytes = await page.evaluate(async (fill) => {
    const canvas = new OffscreenCanvas(60, 40);
    const context = canvas.getContext("2d");
    context.fillStyle = fill;
    context.fillRect(0, 0, 60, 40);
    return [...new Uint8Array(await (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer())];
  }, colour);
  return { name, mimeType: "image/png", buffer: Buffer.from(bytes) };
}

test("a token comes by the address and leaves it; pictures are sent, taken in, and marked", async () => {
  const { page, watched } = await open(`#in=mine&token=${TOKEN}`);
  await page.getByText("Nothing here yet").waitFor();
  assert.doesNotMatch(page.url(), /token/);
  await page.getByRole("button", { name: "Import" }).click();
  await soon.deepEqual(() => page.$$eval(".rail [aria-current]", (all) => all.map((each) => each.textContent)), ["Import"]);
  const files = [await picture(page, "rgb(10,200,30)", "green.png"), await picture(page, "rgb(200,10,30)", "red.png")];
  const none = { name: "notes.png", mimeType: "image/png", buffer: Buffer.from("no picture") };
  await page.setInputFiles(".imports input[type=file]", [...files, none]);
  await page.getByText("3 of 3 files sent").waitFor();
  await page.getByText("notes.png").waitFor();
  await page.getByText("is done").waitFor();
  await page.keyboard.press("Escape");
  await page.getByText("2 items", { exact: true }).waitFor();
  await page.locator(".card .open").first().focus();
  await page.keyboard.press("Control+a");
  await page.getByRole("button", { name: "Favourite" }).click();
  await page.getByLabel("Add to album").fill("colours");
  await page.keyboard.press("Enter");
  await page.waitForFunction(async () => {
    const answer = await fetch("/v1/collections/mine/items?where=favourite%3Dtrue&where=album%3Dcolours");
    return (await answer.json()).n_items === 2;
  });
  // The refused upload is an error of the network's, and told in the panel.
  assert.deepEqual(watched.elsewhere, []);
});

test("what is selected is saved in any format, and as a zip", async () => {
  const { page } = await open("#in=squares&q=red");
  await page.locator(".card .open").first().click({ modifiers: ["Control"] });
  const saved = async (act) => {
    const [download] = await Promise.all([page.waitForEvent("download"), act()]);
    return { name: download.suggestedFilename(), content: await readFile(await download.path()) };
  };
  const table = await saved(() => page.getByLabel("Export as").selectOption("csv"));
  assert.match(table.name, /\.csv$/);
  assert.match(String(table.content), /red square/);
  const zip = await saved(() => page.getByRole("button", { name: "Download originals" }).click());
  assert.equal(String(zip.content.subarray(0, 2)), "PK");
});

test("without a token the page says what it takes to import", async () => {
  const { page } = await open("#in=mine");
  await page.getByRole("button", { name: "Import" }).click();
  await page.getByLabel("Token").fill("wrong");
  await page.getByRole("button", { name: "Use it" }).click();
  await page.getByText("does not take this token").waitFor();
  await page.getByLabel("Token").fill(TOKEN);
  await page.getByRole("button", { name: "Use it" }).click();
  await page.getByText("Choose pictures").waitFor();
});
