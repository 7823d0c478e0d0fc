import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { distance } from "../src/logic/geodesy.ts";
import { cornersOf, moveOf, needsMore, onPlane, onSphere, type Queue, queueOf, reopened, skipped, withItem, without, withMore } from "../src/logic/review.ts";
import type { Item, Position, Proposal } from "../src/logic/rest.ts";

const BARE = { title: "", image: null, text: null, place_source: null, place_radius_m: null, time: null, width: null, height: null, attributes: {}, thumbnail_url: null, image_url: null };

function item(id: string, at: Position = {}): Item {
  return { ...BARE, id, ...at };
}

function proposal(id: string, place: Position = { lat: 0, lon: 0 }, about: Item = item(`item of ${id}`), radius_m: number | null = null): Proposal {
  return { id, item_id: about.id, place, radius_m, confidence: null, evidence: null, state: "open", previous: null, time: "2026-01-01T00:00:00+00:00", item: about };
}

function list(ids: string, cursor: string | null = null, open = ids.length) {
  return { proposals: [...ids].map((id) => proposal(id)), counts: { open, accepted: 0, rejected: 0 }, cursor };
}

const shown = ({ waiting, nLeft }: Queue) => `${waiting.map(({ id }) => id).join("")} of ${nLeft}`;

describe("the queue of a review", () => {
  test("what is decided waits no longer, and what is passed over comes last", () => {
    let queue = queueOf(list("abc"));
    assert.equal(shown(queue), "abc of 3");
    queue = skipped(queue);
    assert.equal(shown(queue), "bca of 3");
    queue = without(queue, "b");
    assert.equal(shown(queue), "ca of 2");
    queue = without(without(queue, "c"), "a");
    assert.equal(shown(queue), " of 0");
    assert.equal(shown(skipped(queue)), " of 0");
    assert.equal(without(queue, "x"), queue);
  });

  test("the next page comes before what was passed over, each once", () => {
    let queue = skipped(queueOf(list("abc", "c", 6)));
    queue = withMore(queue, list("def"));
    assert.equal(shown(queue), "bcdefa of 6");
    assert.equal(queue.cursor, null);
    queue = withMore(queue, list("fg"));
    assert.equal(shown(queue), "bcdefga of 6");
    // One that was passed over is decided: the others that were are still the last.
    queue = without(skipped(queue), "a");
    assert.equal(shown(withMore(queue, list("h"))), "cdefghb of 5");
  });

  test("passed over more often than there are, it is as it was", () => {
    let queue = queueOf(list("ab", "b", 9));
    for (let i = 0; i < 4; i++) queue = skipped(queue);
    assert.equal(shown(withMore(queue, list("cd"))), "cdab of 9");
  });

  test("the next page is asked for before the last is decided, not before that", () => {
    const queue = queueOf(list("abcdefg", "g", 20));
    assert.equal(needsMore(queue), false);
    assert.equal(needsMore(skipped(skipped(queue))), false);
    assert.equal(needsMore(without(skipped(skipped(queue)), "c")), true);
    assert.equal(needsMore(queueOf(list("a"))), false);
  });

  test("what is undone stands there again", () => {
    const queue = without(queueOf(list("abc")), "a");
    assert.equal(shown(reopened(queue, proposal("a"))), "abc of 3");
    // Another has opened it already: it is there once.
    assert.equal(shown(reopened(queueOf(list("abc")), proposal("b"))), "bac of 3");
  });

  test("an item that has moved is elsewhere in its other proposals too", () => {
    const [old, now] = [item("i"), item("i", { lat: 1, lon: 2 })];
    const queue = queueOf({ ...list(""), proposals: [proposal("a", {}, old), proposal("b")] });
    assert.deepEqual(withItem(queue, now).waiting.map(({ item }) => item.lat), [1, undefined]);
  });
});

describe("where a proposal is", () => {
  test("on the sphere or on a plane", () => {
    assert.deepEqual(onSphere({ lat: 0, lon: -3, x: null, y: null }), { lat: 0, lon: -3 });
    assert.equal(onSphere({ lat: null, lon: null }), null);
    assert.equal(onSphere(null), null);
    assert.deepEqual(onPlane({ x: 0, y: 4 }), { x: 0, y: 4 });
    assert.equal(onPlane({ lat: 1, lon: 2 }), null);
  });

  test("how far it is from where the item is", () => {
    const quarter = moveOf(proposal("a", { lat: 0, lon: -170 }, item("i", { lat: 0, lon: 100 })));
    assert.ok(Math.abs(quarter! - (Math.PI / 2) * 6_371_008.8) < 1);
    assert.equal(moveOf(proposal("a", { x: 3, y: 0 }, item("i", { x: 0, y: 4 }))), 5);
    assert.equal(moveOf(proposal("a")), null);
  });

  test("all of it is in view, over the antimeridian too", () => {
    const about = item("i", { lat: 10, lon: -179 });
    const corners = cornersOf(proposal("a", { lat: 10, lon: 179.9 }, about, 50_000));
    assert.deepEqual(corners.slice(0, 2), [{ lat: 10, lon: 179.9 }, { lat: 10, lon: -179 }]);
    for (const corner of corners.slice(2)) {
      assert.ok(Math.abs(corner.lon) <= 180);
      assert.ok(Math.abs(distance({ lat: 10, lon: 179.9 }, corner) - 50_000) < 1);
    }
    assert.deepEqual(cornersOf(proposal("a", { x: 1, y: 2 })), []);
    // A circle around a pole has no ring.
    assert.equal(cornersOf(proposal("a", { lat: 89, lon: 0 }, item("i"), 500_000)).length, 1);
  });
});

test("distances along the sphere", () => {
  const [paris, sydney] = [{ lat: 48.8566, lon: 2.3522 }, { lat: -33.8688, lon: 151.2093 }];
  // By the spherical law of cosines.
  const radians = (degrees: number) => (degrees * Math.PI) / 180;
  const cosine =
    Math.sin(radians(paris.lat)) * Math.sin(radians(sydney.lat)) +
    Math.cos(radians(paris.lat)) * Math.cos(radians(sydney.lat)) * Math.cos(radians(sydney.lon - paris.lon));
  assert.ok(Math.abs(distance(paris, sydney) - 6_371_008.8 * Math.acos(cosine)) < 1);
  assert.equal(distance(paris, paris), 0);
  assert.ok(Math.abs(distance({ lat: 0, lon: 0 }, { lat: 0, lon: 180 }) - Math.PI * 6_371_008.8) < 1);
});
