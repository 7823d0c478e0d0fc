// Searching, re-ranking and sharing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyOf, firstCardIs, searchFor, shownIds, shownTitles, soon, useBrowser } from "./browser.mjs";

const open = useBrowser({ panel: "results" });

test("words show cards with a score, and nothing leaves this machine", async () => {
  const { page, watched } = await open();
  await page.waitForSelector("#results .card");
  await searchFor(page, "red");
  const titles = await shownTitles(page);
  assert.match(titles[0], /^red/);
  const bar = await page.getAttribute("#results .card .score-bar", "aria-label");
  assert.match(bar, /^score \d\.\d\d: meaning \d\.\d\d$/);
  await soon.match(() => page.textContent(".status"), /^Best \d+ matches/);
  await soon.equal(() => page.isDisabled("#mu"), true, "no place yet, so nothing to balance");
  assert.deepEqual(watched, { elsewhere: [], complaints: [] });
});

test("the slider re-ranks in place, without making the cards anew", async () => {
  const { page } = await open("#q=red&near=48.85,2.35&decay=exp:300000m&mu=0");
  await page.waitForSelector("#results .card");
  const before = await shownIds(page);
  await page.$eval("#results .card", (card) => (card.dataset.seen = "before"));
  const slid = bodyOf(page, (response) => response.url().endsWith("/search"));
  await page.$eval("#mu", (slider) => {
    slider.value = "1";
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  });
  const answer = await slid;
  await firstCardIs(page, answer.hits[0].id);
  const after = await shownIds(page);
  assert.notDeepEqual(after, before);
  assert.deepEqual(after, answer.hits.slice(0, after.length).map((hit) => hit.id));
  const kept = await page.$$eval("#results .card[data-seen=before]", (cards) => cards.length);
  assert.equal(kept, after.includes(before[0]) ? 1 : 0);
  assert.match(page.url(), /mu=1/);
});

test("while the slider moves the ranking follows, a question at a time, and the last one counts", async () => {
  const { page } = await open("#q=red&near=48.85,2.35&mu=0");
  await page.waitForSelector("#results .score");
  const asked = [];
  page.on("request", (request) => request.url().endsWith("/search") && asked.push(request.postDataJSON().mu));
  const answered = page.waitForResponse(
    (response) => response.url().endsWith("/search") && response.request().postDataJSON().mu === 1,
  );
  await page.$eval("#mu", (slider) => {
    for (let value = 0; value <= 1.001; value += 0.05) {
      slider.value = String(value);
      slider.dispatchEvent(new Event("input", { bubbles: true }));
    }
  });
  await answered; // whatever was asked for the moves before was asked before
  // The first move is asked for at once; those that came while it ran are one question more.
  assert.deepEqual(asked, [0, 1]);
});

test("what is typed before the server has said what it has is asked as soon as it has, where the link leads", async () => {
  const { page, context } = await open();
  const other = await context.newPage();
  const asked = [];
  other.on("request", (request) => request.method() === "POST" && asked.push(new URL(request.url()).pathname));
  let answer;
  await other.route("**/v1/config", (route) => {
    answer = () => route.continue();
  });
  await other.goto(`${page.url().split("#")[0]}#in=scenes&panel=results&sort=oldest`);
  await other.fill("#words", "meadow");
  await other.keyboard.press("Enter");
  await soon.ok(() => answer !== undefined);
  await answer();
  await soon.match(async () => (await shownTitles(other))[0], /^meadow/);
  assert.deepEqual(new Set(asked), new Set(["/v1/collections/scenes/search"]));
  assert.match(other.url(), /in=scenes&q=meadow/);
  await other.goBack();
  await soon.match(() => other.textContent(".status"), /^12 items/);
});

test("a place in the words is shown, can be another, and can be left to the words", async () => {
  const { page } = await open("#q=red+near+Paris");
  const which = page.getByRole("combobox", { name: "Which Paris?" });
  await which.waitFor();
  await soon.equal(() => which.inputValue(), "Paris, France");
  await which.selectOption("Paris, Texas, United States");
  await page.waitForFunction(() => document.querySelector("#words").value === "red near Paris, Texas, United States");
  await page.getByRole("button", { name: 'Do not read "near Paris, Texas, United States" as a place' }).click();
  await soon.equal(() => page.inputValue("#words"), 'red "near Paris, Texas, United States"');
  await which.waitFor({ state: "detached" });
});

test("a minus looks away, and its chip takes it back", async () => {
  const { page } = await open("#q=square+-red");
  await page.waitForSelector("#results .card");
  await soon.doesNotMatch(async () => (await shownTitles(page))[0], /^red/);
  await page.getByRole("button", { name: 'Remove "less red"' }).click();
  await soon.equal(() => page.inputValue("#words"), "square");
});

test("filters, and what to do when they let nothing through", async () => {
  const { page } = await open("#q=square");
  await page.waitForSelector("#results .card");
  await page.getByRole("button", { name: "Filters" }).click();
  await page.selectOption("#attribute", "city");
  await page.locator(".values button", { hasText: "Lyon" }).click();
  await page.getByText("City is Lyon").waitFor();
  await page.getByText(/^Best 7 matches/).waitFor(); // one of each colour
  await page.fill("#from", "2030-01-01");
  await page.getByText("No item passes the filters").waitFor();
  await page.getByRole("button", { name: "Clear all" }).click();
  await page.getByText(/^Best 28 matches/).waitFor();
});

test("a link brings back the same search", async () => {
  const { page, context } = await open("#q=green&near=43.7,7.27&mu=0.35&decay=exp:90000m");
  await page.waitForSelector("#results .card");
  const again = await context.newPage();
  await again.goto(page.url());
  await again.waitForSelector("#results .card");
  await soon.deepEqual(() => shownIds(again), await shownIds(page));
  await soon.equal(() => again.inputValue("#mu"), "0.35");
  await soon.equal(() => again.inputValue("#kind"), "exp");
});

test("an error is told in the server's words, and the results stay", async () => {
  const { page } = await open("#q=red");
  await page.waitForSelector("#results .card");
  await page.goto(`${page.url().split("#")[0]}#q=red&like=1:nobody`);
  const alert = page.getByRole("alert");
  await alert.waitFor();
  await soon.match(() => alert.textContent(), /no item with id 'nobody'/);
});

test("filters alone list what passes, without scores", async () => {
  const where = encodeURIComponent(JSON.stringify(["file", "starts", "red_"]));
  const { page } = await open(`#where=${where}`);
  await page.waitForSelector("#results .card");
  await soon.equal(() => page.textContent(".status"), "4 items");
  await soon.equal(async () => (await shownIds(page)).length, 4);
  await soon.equal(() => page.isVisible("#results .card .score"), false);
  await soon.equal(() => page.isVisible(".legend"), false);
  await soon.match(() => page.textContent("#terms"), /File starts with red_/);
  await page.click("#results .card .open");
  await page.waitForSelector("#detail h2");
  await soon.doesNotMatch(() => page.textContent("#detail"), /Score|undefined|null/);
});

test("a name that no item has is said beside the results", async () => {
  const where = encodeURIComponent(JSON.stringify(["ctiy", "is", "Lyon"]));
  const { page } = await open(`#where=${where}`);
  await page.waitForFunction(() => document.querySelector(".notice")?.textContent.includes("did you mean 'city'?"));
  await soon.equal(() => page.textContent(".status"), "Nothing found");
});
