/** Words to look for, and words to look away from: `church -snow -"night sky"`. */

export interface Words {
  wanted: string;
  unwanted: string[];
}

// A minus counts at the start of a word only, so that "art-deco" and "5 - 7" stay as they are.
const UNWANTED = /(?<=^|\s)-(?:"([^"]+)"|([\p{L}\p{N}][^\s]*))/gu;

export function splitWords(typed: string): Words {
  const unwanted: string[] = [];
  const rest = typed.replace(UNWANTED, (_match, quoted?: string, word?: string) => {
    unwanted.push((quoted ?? word ?? "").trim());
    return " ";
  });
  return { wanted: rest.replace(/\s+/g, " ").trim(), unwanted: unwanted.filter(Boolean) };
}

/** Put another place in the place of a phrase: "near Paris" becomes "near Paris, Texas". */
export function replacePlace(typed: string, phrase: string, name: string, label: string): string {
  const named = phrase.toLowerCase().endsWith(name.toLowerCase());
  const lead = named ? phrase.slice(0, phrase.length - name.length) : `${phrase.split(/\s/)[0]} `;
  return typed.replace(phrase, () => lead + label);
}

/** Put a phrase in quotes, so that it is not read as a place or time; null when it is not there. */
export function quote(typed: string, phrase: string): string | null {
  return typed.includes(phrase) ? typed.replace(phrase, () => `"${phrase}"`) : null;
}

export function joinWords({ wanted, unwanted }: Words): string {
  const minus = unwanted.map((word) => (/\s/.test(word) ? `-"${word}"` : `-${word}`));
  return [wanted, ...minus].filter(Boolean).join(" ");
}
