/** Conditions on attributes: the frequent values as buttons, any other by hand. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { api } from "../api.ts";
import { formatName } from "../logic/format.ts";
import { COMPARISONS, type Comparison, type Condition, type Scalar } from "../logic/query.ts";
import type { AttributeValue, Stats } from "../logic/rest.ts";
import { page } from "../state/page.ts";
import { t } from "../words/index.ts";

const MOST_VALUES = 10;
const LONGEST_VALUE = 32;
const UNIQUE = new Set(["title", "name", "description", "file"]);

export function Conditions({ stats }: { stats: Stats }) {
  const names = useMemo(() => attributesOf(stats), [stats]);
  const [name, setName] = useState(names[0] ?? "");
  const [values, setValues] = useState<AttributeValue[]>([]);
  const [comparison, setComparison] = useState<Comparison>("is");
  const { where } = page.query.value;
  useEffect(() => {
    const asked = new AbortController();
    const keep = ({ value }: AttributeValue) => value !== null && String(value).length <= LONGEST_VALUE;
    if (name) api.values(stats.name, name, asked.signal).then((found) => setValues(found.filter(keep)), () => setValues([]));
    return () => asked.abort();
  }, [stats, name]);
  if (names.length === 0) return null;

  const at = (value: Scalar) =>
    where.findIndex((each) => each.name === name && each.comparison === "is" && each.value === value);
  const add = (how: Comparison, value: Condition["value"]) =>
    page.change({ where: [...where, { name, comparison: how, value }] });
  const toggle = (value: Scalar) => {
    if (at(value) >= 0) page.change({ where: where.toSpliced(at(value), 1) });
    else if (value !== null) add("is", value);
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const field = (event.currentTarget as HTMLFormElement).elements.namedItem("value") as HTMLInputElement;
    const text = field.value.trim();
    if (!text) return;
    field.value = "";
    add(...typed(text, comparison, values[0]?.value));
  };
  return (
    <form class="condition" onSubmit={submit}>
      <fieldset>
        <legend>{t.filters.attribute}</legend>
        <select id="attribute" aria-label={t.filters.attribute} value={name} onChange={(event) => setName(event.currentTarget.value)}>
          {names.map((each) => <option key={each} value={each}>{formatName(each)}</option>)}
        </select>
        <select
          id="comparison"
          aria-label={t.filters.comparison}
          value={comparison}
          onChange={(event) => setComparison(event.currentTarget.value as Comparison)}
        >
          {COMPARISONS.map((each) => <option key={each} value={each}>{t.filters.comparisons[each]}</option>)}
        </select>
        <input id="value" name="value" type="text" placeholder="value" aria-label={t.filters.value} autocomplete="off" />
        <button type="submit">{t.filters.add}</button>
      </fieldset>
      <div class="values" role="group" aria-label={t.filters.frequent}>
        {values.slice(0, MOST_VALUES).map(({ value, n_items }) => (
          <button key={String(value)} type="button" class="toggle" aria-pressed={at(value) >= 0} onClick={() => toggle(value)}>
            {String(value)}
            <span class="count">{n_items}</span>
          </button>
        ))}
      </div>
    </form>
  );
}

/** A title is seldom shared by two items: it is no good as the first suggestion. */
function attributesOf(stats: Stats): string[] {
  const names = [...new Set([...Object.keys(stats.attributes), ...(stats.n_images ? stats.derived_attributes : [])])];
  return names.sort((a, b) => Number(UNIQUE.has(a)) - Number(UNIQUE.has(b)));
}

/** What is typed has the type that the attribute's values have: "12" may be a number or a name. */
function typed(text: string, comparison: Comparison, known: Scalar | undefined): [Comparison, Condition["value"]] {
  const ofText = comparison === "contains" || comparison === "starts";
  if (!ofText && typeof known === "number" && Number.isFinite(Number(text))) return [comparison, Number(text)];
  if (!ofText && typeof known === "boolean") return ["is", /^(true|yes|1)$/i.test(text)];
  return [comparison, text];
}
