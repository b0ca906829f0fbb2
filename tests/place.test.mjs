// Where one stands in a column of rows that is longer than a browser can scroll.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Place } from "../www/views/place.js";

const SHOWN = 400;

test("a short column is scrolled as it is", () => {
  const place = new Place();
  place.resize(10_000, SHOWN);
  assert.equal(place.length, 10_000);
  for (const to of [0, 17, 9_600, 300]) {
    place.scroll(to);
    assert.equal(place.top, to);
    assert.equal(place.settle(), to);
    assert.equal(place.offset(to), to);
  }
  place.resize(500, SHOWN);
  assert.equal(place.top, 100);
  place.resize(100, SHOWN);
  assert.equal(place.top, 0);
});

test("in a long one short steps go as far as they say, long ones in proportion, and the ends are the ends", () => {
  const total = 50_000_000;
  const place = new Place();
  place.resize(total, SHOWN);
  const way = place.length - SHOWN;
  place.scroll(way / 2);
  assert.ok(Math.abs(place.top - (total - SHOWN) / 2) < 1);
  const { top } = place;
  place.scroll(way / 2 + 120);
  assert.equal(place.top, top + 120);
  // What is drawn moves with what the browser moved.
  assert.equal(place.offset(place.top), way / 2 + 120);
  const settled = place.settle();
  assert.equal(place.top, top + 120);
  assert.ok(Math.abs(settled / way - place.top / (total - SHOWN)) < 1e-9);
  place.scroll(way);
  assert.equal(place.top, total - SHOWN);
  place.scroll(0);
  assert.equal(place.top, 0);
  assert.ok(place.go(total) <= way);
  assert.equal(place.top, total - SHOWN);
});

test("wheeling on reaches every row once", () => {
  const place = new Place();
  place.resize(20_000_000, SHOWN);
  let scrolled = 0;
  let last = -1;
  for (let i = 0; i < 5000; i++) {
    scrolled += 100;
    place.scroll(scrolled);
    assert.ok(place.top - last <= 101 && place.top > last, `step ${i}`);
    last = place.top;
    if (i % 50 === 0) scrolled = place.settle();
  }
});
