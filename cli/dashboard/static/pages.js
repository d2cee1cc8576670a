// What every page does by itself: it hears of news and takes them in, keeps ages current, and moves in trees.
"use strict";

const page = () => document.getElementById("page");

// ---- news: one stream for each page that is in sight, and no more looks than the page can take.
const news = { source: null, waiting: false, busy: false, began: 0, took: 0, last: 0 };

function listen() {
  if (news.source || document.hidden) return;
  const run = document.body.dataset.news;
  news.source = new EventSource(run ? `/events?run=${run}` : "/events");
  let first = true;
  news.source.addEventListener("news", () => {
    tell("live");
    // The first tells where the archive stands; the page is newer, unless it was out of sight.
    if (!first || news.stale) refresh();
    first = news.stale = false;
  });
  news.source.onerror = () => tell("not connected");
}

function tell(text) {
  const shown = document.querySelector("[data-live]");
  shown.textContent = text;
  shown.classList.toggle("off", text !== "live");
}

function refresh() {
  if (news.busy) { news.waiting = true; return; }
  const pause = Math.max(0, news.last + 3 * news.took - performance.now());
  news.busy = true;
  setTimeout(() => {
    news.began = performance.now();
    document.body.dispatchEvent(new CustomEvent("news"));
    // A page that cannot be had must not keep the next one away.
    news.limit = setTimeout(refreshed, 15000);
  }, pause);
}

function refreshed() {
  if (!news.busy) return;
  clearTimeout(news.limit);
  news.busy = false;
  news.last = performance.now();
  news.took = news.last - news.began;
  enhance();
  if (news.waiting) { news.waiting = false; refresh(); }
}

document.addEventListener("htmx:finally:request", (event) => {
  if (event.target === page() || event.target?.id === "page") requestAnimationFrame(refreshed);
  else requestAnimationFrame(enhance);
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden && news.source) {
    news.source.close();
    news.source = null;
    news.stale = true;
  } else {
    listen();
  }
});

// A browser keeps a page that was left: its stream must not count against those in sight.
window.addEventListener("pagehide", () => { news.source?.close(); news.source = null; });
window.addEventListener("pageshow", (event) => { if (event.persisted) { news.stale = true; listen(); } });

// ---- ages
function age(seconds) {
  if (seconds < 5) return "now";
  for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "min"]]) {
    if (seconds >= size) return `${Math.floor(seconds / size)} ${unit} ago`;
  }
  return `${Math.floor(seconds)} s ago`;
}

function ages() {
  for (const each of document.querySelectorAll("time[datetime]")) {
    const text = age((Date.now() - Date.parse(each.dateTime)) / 1000);
    if (each.textContent !== text) each.textContent = text;
  }
}

// ---- sorting of tables that are whole in the page
function sortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, place) => {
    if (head.querySelector("button")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((each) => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = (row) => {
        const text = row.cells[place]?.dataset.value ?? row.cells[place]?.textContent.trim() ?? "";
        const number = Number.parseFloat(text.replace("−", "-"));
        return Number.isNaN(number) ? text.toLowerCase() : number;
      };
      const order = (a, b) => {
        const [x, y] = [value(a), value(b)];
        if (typeof x !== typeof y) return typeof x === "number" ? -1 : 1;
        return (x < y ? -1 : x > y ? 1 : 0) * (down ? -1 : 1);
      };
      for (const body of table.tBodies) body.append(...[...body.rows].sort(order));
    });
  });
}

// ---- trees
function tree(svg) {
  if (svg.dataset.ready) return;
  svg.dataset.ready = "1";
  const [width, height] = [Number(svg.dataset.width), Number(svg.dataset.height)];
  const box = svg.parentElement;
  const tip = document.getElementById("treetip");
  let view = null;
  const nodes = () => [...svg.querySelectorAll("circle")];
  const show = () => svg.setAttribute("viewBox", view.join(" "));
  const all = () => {
    // The whole tree, in the shape of the box that it stands in.
    const shape = box.clientWidth / Math.max(box.clientHeight, 1);
    const [w, h] = width / height > shape ? [width, width / shape] : [height * shape, height];
    view = [(width - w) / 2, (height - h) / 2, Math.max(w, 120), Math.max(h, 120 / shape)];
    show();
  };
  const around = (x, y, wide) => {
    const shape = box.clientWidth / Math.max(box.clientHeight, 1);
    view = [x - wide / 2, y - wide / shape / 2, wide, wide / shape];
    show();
  };
  const zoom = (factor, x, y) => {
    const [left, top, w, h] = view;
    const [cx, cy] = [x ?? left + w / 2, y ?? top + h / 2];
    view = [cx - (cx - left) * factor, cy - (cy - top) * factor, w * factor, h * factor];
    show();
  };
  const at = (event) => {
    const place = svg.getBoundingClientRect();
    return [view[0] + ((event.clientX - place.left) / place.width) * view[2], view[1] + ((event.clientY - place.top) / place.height) * view[3]];
  };
  const marked = () => svg.querySelector("circle.chosen");
  const choose = (node, open = true) => {
    if (!node?.dataset.p) return;
    marked()?.classList.remove("chosen");
    node.classList.add("chosen");
    svg.dataset.chosen = node.dataset.p;
    const [x, y] = [Number(node.getAttribute("cx")), Number(node.getAttribute("cy"))];
    if (x < view[0] || y < view[1] || x > view[0] + view[2] || y > view[1] + view[3]) around(x, y, view[2]);
    svg.setAttribute("aria-description", node.dataset.t);
    if (!open) return;
    const address = new URL(location.href);
    address.searchParams.set("at", node.dataset.p);
    history.replaceState(history.state, "", address);
    page().setAttribute("hx-get", address.search);
    clearTimeout(svg.timer);
    svg.timer = setTimeout(() => htmx.ajax("GET", `/programs/${node.dataset.p}/panel`, { target: "#panel", swap: "innerHTML" }), 120);
  };
  all();
  if (nodes().length > 400) {
    const best = nodes().filter((node) => node.classList.contains("best")).pop();
    if (best) around(Number(best.getAttribute("cx")), Number(best.getAttribute("cy")), Math.min(width, 900));
  }
  choose(nodes().find((node) => node.dataset.p === svg.dataset.chosen), false);
  svg.addEventListener("wheel", (event) => { event.preventDefault(); zoom(event.deltaY > 0 ? 1.2 : 1 / 1.2, ...at(event)); }, { passive: false });
  let held = null;
  svg.addEventListener("pointerdown", (event) => { held = { at: at(event), moved: false }; });
  svg.addEventListener("pointermove", (event) => {
    if (held && event.buttons) {
      const [x, y] = at(event);
      const [dx, dy] = [held.at[0] - x, held.at[1] - y];
      if (Math.abs(dx) + Math.abs(dy) > view[2] / 200) held.moved = true;
      if (held.moved) { view[0] += dx; view[1] += dy; show(); }
    }
    const node = event.target.closest?.("circle");
    tip.hidden = !node;
    if (node) {
      tip.textContent = node.dataset.t;
      const place = box.getBoundingClientRect();
      tip.style.left = `${Math.min(event.clientX - place.left + 12, box.clientWidth - 180)}px`;
      tip.style.top = `${event.clientY - place.top + 12}px`;
    }
  });
  svg.addEventListener("pointerleave", () => { tip.hidden = true; held = null; });
  svg.addEventListener("click", (event) => { if (!held?.moved) choose(event.target.closest?.("circle")); held = null; });
  svg.addEventListener("keydown", (event) => {
    const here = marked() ?? nodes()[0];
    if (event.key === "+" || event.key === "-") { zoom(event.key === "-" ? 1.2 : 1 / 1.2); event.preventDefault(); return; }
    if (event.key === "Enter" && here?.dataset.p) { location.href = `/programs/${here.dataset.p}`; return; }
    const side = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
    if (!side || !here) return;
    event.preventDefault();
    const place = (node) => [Number(node.getAttribute("cx")), Number(node.getAttribute("cy"))];
    const [x, y] = place(here);
    let [best, least] = [null, Infinity];
    for (const node of nodes()) {
      const [dx, dy] = [place(node)[0] - x, place(node)[1] - y];
      const ahead = dx * side[0] + dy * side[1];
      const cost = ahead + 3 * Math.abs(dx * side[1] + dy * side[0]);
      if (ahead > 0 && node.dataset.p && cost < least) [best, least] = [node, cost];
    }
    choose(best);
  });
  for (const button of document.querySelectorAll("[data-zoom]")) {
    button.onclick = () => {
      const best = nodes().filter((node) => node.classList.contains("best")).pop();
      ({ in: () => zoom(1 / 1.4), out: () => zoom(1.4), all, best: () => { if (best) { around(Number(best.getAttribute("cx")), Number(best.getAttribute("cy")), Math.min(width, 500)); choose(best); } } })[button.dataset.zoom]();
    };
  }
}

// ---- scrubber of an episode
function player(box) {
  if (box.dataset.ready) return;
  box.dataset.ready = "1";
  const [image, range, said, button] = ["img", "input", "output", "button"].map((name) => box.querySelector(name));
  const frames = JSON.parse(document.getElementById(box.dataset.frames).textContent);
  const show = (place) => {
    image.src = frames[place];
    range.value = place;
    said.textContent = `${place + 1} of ${frames.length}`;
  };
  let timer = null;
  const pause = () => { clearInterval(timer); timer = null; button.textContent = "Play"; };
  range.max = frames.length - 1;
  range.addEventListener("input", () => { pause(); show(Number(range.value)); });
  button.addEventListener("click", () => {
    if (timer) { pause(); return; }
    button.textContent = "Pause";
    timer = setInterval(() => { const next = Number(range.value) + 1; if (next < frames.length) show(next); else pause(); }, 120);
  });
  show(Math.min(Number(range.value), frames.length - 1));
}

function enhance() {
  ages();
  window.drawCharts?.();
  document.querySelectorAll("svg.tree").forEach(tree);
  document.querySelectorAll("table.sortable").forEach(sortable);
  document.querySelectorAll(".player").forEach(player);
}

document.addEventListener("DOMContentLoaded", () => { enhance(); listen(); setInterval(ages, 5000); });
