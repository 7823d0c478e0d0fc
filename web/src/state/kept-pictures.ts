/** Pictures that the server keeps for as long as they are asked with. */

import { api, Problem } from "../api.ts";

/** Ask; when the server has forgotten pictures, for instance by a restart, send them again first. */
export async function withPictures<T>(pictures: readonly { content: Blob }[], ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 410) throw error;
    await Promise.all(pictures.map(({ content }) => api.keepPicture(content)));
    return await ask();
  }
}
