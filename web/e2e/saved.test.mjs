// Searches that the collection keeps: saved from the page, suggested, asked again, forgotten.
import assert from "node:assert/strict";
import { test } from "node:test";
import { firstCardIs, searchFor, shownIds, soon, useBrowser } from "./browser.mjs";

const open = useBrowser({ panel: "results" });
const TOKEN = process.env.PLACELENS_TOKEN;

test("a search is saved, seen in another browser, asked as it was, and forgotten", async () => {
  const { page, watched } = await open(`#in=squares&token=${TOKEN}`);
  await searchFor(page, "blue");
  const [best] = await shownIds(page);
  await page.getByRole("button", { name: "Saved searches" }).click();
  await page.getByText("None yet.").waitFor();
  await page.getByLabel("Name for this search").fill("Blue ones / all");
  await page.keyboard.press("Enter");
  await page.getByTitle("Search as saved under Blue ones / all").waitFor();

  // Somebody else, who only reads.
  const other = await open("#in=squares");
  const read = other.page.waitForResponse((response) => response.url().endsWith("/searches"));
  await other.page.click("#words");
  await read;
  await other.page.keyboard.type("blue o");
  await other.page.getByRole("option", { name: /Blue ones \/ all.*saved search/ }).click();
  // What was typed may have found the same: the words tell that the saved search was taken.
  await other.page.waitForFunction(() => document.querySelector("#words").value === "blue");
  await firstCardIs(other.page, best);
  await soon.match(() => other.page.evaluate(() => decodeURIComponent(location.hash)), /q=blue(&|$)/);
  await other.page.getByRole("button", { name: "Saved searches" }).click();
  await other.page.getByTitle("Search as saved under Blue ones / all").waitFor();
  await soon.equal(() => other.page.getByRole("button", { name: /^Forget/ }).count(), 0);
  await soon.equal(() => other.page.getByLabel("Name for this search").count(), 0);
  assert.deepEqual(other.watched, { elsewhere: [], complaints: [] });

  await page.getByRole("button", { name: "Forget Blue ones / all" }).click();
  await page.getByText("None yet.").waitFor();
  assert.deepEqual(watched, { elsewhere: [], complaints: [] });
});

test("filters and places alone are saved too, and come back in the address", async () => {
  const asked = "#in=squares&near=45.76%2C4.84&decay=exp%3A50000m&mu=0.3&area=0_40_10_40_10_52_0_52&located=1";
  const { page } = await open(`${asked}&token=${TOKEN}`);
  await page.waitForSelector("#results .card");
  const before = await page.evaluate(() => location.hash);
  await page.getByRole("button", { name: "Saved searches" }).click();
  await page.getByLabel("Name for this search").fill("around Lyon");
  await page.getByRole("button", { name: "Save this search" }).click();
  await page.getByTitle("Search as saved under around Lyon").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Browse" }).click();
  await page.waitForFunction(() => !location.hash.includes("area="));
  await page.getByRole("button", { name: "Saved searches" }).click();
  await page.getByTitle("Search as saved under around Lyon").click();
  await page.waitForFunction((hash) => location.hash === hash, before);
  await page.getByRole("button", { name: "Saved searches" }).click();
  await page.getByRole("button", { name: "Forget around Lyon" }).click();
  await page.getByText("None yet.").waitFor();
});
