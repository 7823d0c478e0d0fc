/** Chips of everything that is asked: what was understood, pictures, words against, filters. */

import { formatDistance, formatLatLon, formatName } from "../logic/format.ts";
import { COMPARISONS, type Condition, type LikeTerm, type PictureTerm, type Query } from "../logic/query.ts";
import type { Offer, PlaceMention, TimeMention, Understood } from "../logic/rest.ts";
import { joinWords, quote, replacePlace, splitWords } from "../logic/words.ts";
import { el, icon } from "./dom.ts";

export type Change = (change: Partial<Query>) => void;

export function showTerms(root: HTMLElement, query: Query, understood: Understood | null, change: Change): void {
  const read = query.parse ? understood : null;
  root.replaceChildren(
    ...(read?.mentions ?? []).map((each) => mentionChip(each, query, change)),
    ...(read?.times ?? []).map((each) => timeChip(each, query, change)),
    ...(read?.offers ?? []).map((each) => offerChip(each, query, change)),
    ...(query.parse ? [] : [chip("places and times are not read", "Read places and times again", () => change({ parse: true }))]),
    ...query.pictures.map((picture) => pictureChip(picture, query, change)),
    ...query.like.map((like) => likeChip(like, query, change)),
    ...minusChips(query, change),
    ...placeChips(query, change),
    ...filterChips(query, change),
  );
}

function chip(label: string | Node, remove: string, onclick: () => void, kind = ""): HTMLElement {
  const close = el("button", { type: "button", title: remove, "aria-label": remove, onclick }, icon("close"));
  return el("span", { class: `chip ${kind}` }, el("span", { class: "label" }, label), close);
}

/** What a place name was taken for; another choice is written into the words. */
function mentionChip(mention: PlaceMention, query: Query, change: Change): HTMLElement {
  const { phrase, words, name, label, choices } = mention;
  const lead = words.endsWith(label) ? words.slice(0, words.length - label.length).trim() : "";
  const shown = lead ? named(lead, label) : words;
  const made = chip(shown, `Do not read "${phrase}" as a place`, leave(phrase, query, change), "understood");
  if (choices.length < 2 || !lead) return made;
  const select = el(
    "select",
    { "aria-label": `Which ${name}?`, title: "Other places of this name" },
    ...choices.map((choice) => el("option", { selected: choice.label === label }, choice.label)),
  );
  select.addEventListener("change", () => {
    change({ words: replacePlace(query.words, phrase, name, select.value) });
  });
  made.querySelector(".label")!.replaceChildren(`${lead} `, select);
  return made;
}

function timeChip({ phrase, words }: TimeMention, query: Query, change: Change): HTMLElement {
  return chip(words, `Do not read "${phrase}" as a time`, leave(phrase, query, change), "understood");
}

/** What a phrase might mean: one press writes it so that it is read. */
function offerChip({ phrase, write, label }: Offer, query: Query, change: Change): HTMLElement {
  const take = () => change({ words: query.words.replace(phrase, () => write) });
  return el("button", { type: "button", class: "chip offer", title: `Read "${phrase}" as ${label}`, onclick: take }, `${label}?`);
}

/** Leave a phrase to the words: it goes into quotes, where anybody can see why it is not read. */
function leave(phrase: string, query: Query, change: Change): () => void {
  const words = quote(query.words, phrase);
  return () => change(words === null ? { parse: false } : { words });
}

function named(relation: string, name: string): HTMLElement {
  return el("span", {}, `${relation} `, el("b", {}, name));
}

function pictureChip(picture: PictureTerm, query: Query, change: Change): HTMLElement {
  const others = query.pictures.filter((each) => each !== picture);
  const label = el(
    "span",
    { class: "picture" },
    picture.preview ? el("img", { src: picture.preview, alt: "" }) : null,
    el("span", { class: "name" }, picture.name),
    weight(picture, (value) => {
      const pictures = query.pictures.map((each) => (each === picture ? { ...each, weight: value } : each));
      change({ pictures });
    }),
  );
  return chip(label, `Remove the picture ${picture.name}`, () => change({ pictures: others }));
}

function likeChip(like: LikeTerm, query: Query, change: Change): HTMLElement {
  const others = query.like.filter((each) => each !== like);
  const base = `/v1/collections/${encodeURIComponent(query.collection)}/items`;
  const image = el("img", { src: `${base}/${encodeURIComponent(like.id)}/thumbnail`, alt: "" });
  image.addEventListener("error", () => image.remove()); // a text has none
  const label = el(
    "span",
    { class: "picture" },
    image,
    el("span", { class: "name" }, like.weight < 0 ? "unlike this" : "like this"),
    weight(like, (value) => {
      change({ like: query.like.map((each) => (each === like ? { ...each, weight: value } : each)) });
    }),
  );
  return chip(label, "Remove this example", () => change({ like: others }));
}

/** Weight of an example; below zero the search goes away from it. */
function weight({ weight: value }: { weight: number }, onchange: (value: number) => void): HTMLElement {
  const label = (w: number) => `× ${w}`.replace("-", "−");
  const select = el(
    "select",
    { "aria-label": "Weight of this example", title: "Weight; below zero searches away from it" },
    ...[2, 1, 0.5, -0.5, -1].map((w) => el("option", { value: w, selected: w === value }, label(w))),
  );
  select.addEventListener("change", () => onchange(Number(select.value)));
  return select;
}

function minusChips(query: Query, change: Change): HTMLElement[] {
  const { wanted, unwanted } = splitWords(query.words);
  return unwanted.map((word) => {
    const rest = { wanted, unwanted: unwanted.filter((each) => each !== word) };
    return chip(named("less", word), `Remove "less ${word}"`, () => change({ words: joinWords(rest) }), "minus");
  });
}

function placeChips({ near }: Query, change: Change): HTMLElement[] {
  if (!near) return [];
  const name = near.name ?? formatLatLon(near.lat, near.lon);
  return [chip(named("near", name), "Remove the place", () => change({ near: null }), "place")];
}

function filterChips(query: Query, change: Change): HTMLElement[] {
  const chips: HTMLElement[] = [];
  const { box, from, to, modality, located, where } = query;
  if (box) chips.push(chip(`in the box, ${heightOf(box)} tall`, "Remove the box", () => change({ box: null })));
  if (from || to) {
    const span = from && to ? `${from} to ${to}` : from ? `since ${from}` : `until ${to}`;
    chips.push(chip(span, "Remove the dates", () => change({ from: "", to: "" })));
  }
  if (modality) chips.push(chip(modality === "image" ? "pictures only" : "texts only", "Compare everything", () => change({ modality: "" })));
  if (located) chips.push(chip(located === "yes" ? "with a position" : "without a position", "Allow items with and without a position", () => change({ located: "" })));
  for (const condition of where) {
    const others = where.filter((each) => each !== condition);
    chips.push(chip(inWords(condition), "Remove this condition", () => change({ where: others })));
  }
  return chips;
}

function heightOf([, south, , north]: [number, number, number, number]): string {
  return formatDistance((north - south) * 111_195); // metres per degree of latitude
}

function inWords({ name, comparison, value }: Condition): string {
  return `${formatName(name)} ${COMPARISONS[comparison]} ${value}`;
}
