/** The token that the server asks for, if it does: of this tab, and never in the address for long. */

import { signal } from "@preact/signals";

const KEY = "placelens.token";
const IN_ADDRESS = /(?:^#|&)token=([^&]*)/;

class Session {
  /** Whether a token is needed, and there is none, or not the right one. */
  readonly isNeeded = signal(false);
  readonly hasToken = signal(false);
  #token = "";

  /** Take the token out of the address, or from earlier in this tab, and begin a session with it. */
  async start(): Promise<void> {
    const given = IN_ADDRESS.exec(location.hash)?.[1];
    if (given !== undefined) {
      const rest = location.hash.replace(IN_ADDRESS, "").replace(/^#?&?/, "#");
      history.replaceState(null, "", rest === "#" ? location.pathname : rest);
    }
    const token = given ? decodeURIComponent(given) : (sessionStorage.getItem(KEY) ?? "");
    if (token) await this.use(token);
  }

  /** Images and events cannot send a header: a cookie of the session reads for them. */
  async use(token: string): Promise<void> {
    this.#token = token.trim();
    const response = await fetch("/v1/session", { method: "POST", headers: this.headers() }).catch(() => null);
    this.hasToken.value = response?.ok ?? false;
    this.isNeeded.value = response?.status === 401;
    if (response?.ok) sessionStorage.setItem(KEY, this.#token);
    else if (response?.status === 401) this.#forget();
  }

  headers(): Record<string, string> {
    return this.#token ? { Authorization: `Bearer ${this.#token}` } : {};
  }

  /** The server wants a token, or another one. */
  refused(): void {
    this.#forget();
    this.isNeeded.value = true;
  }

  #forget(): void {
    this.#token = "";
    this.hasToken.value = false;
    sessionStorage.removeItem(KEY);
  }
}

export const session = new Session();
