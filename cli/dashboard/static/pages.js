// What every page does by itself: it hears of news and takes them in, and keeps ages current.
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

// ---- trees: the chosen program stands in the address, and beside the tree, as it is in the run of the tree
let choosing = null;
const inRun = () => `?run=${encodeURIComponent(document.getElementById("panel")?.dataset.run ?? "")}`;
document.addEventListener("program", (event) => {
  const address = new URL(location.href);
  address.searchParams.set("at", event.detail);
  history.replaceState(history.state, "", address);
  page().setAttribute("hx-get", address.search);
  clearTimeout(choosing);
  choosing = setTimeout(() => htmx.ajax("GET", `/programs/${event.detail}/panel${inRun()}`, { target: "#panel", swap: "innerHTML" }), 120);
});
document.addEventListener("open-program", (event) => { location.href = `/programs/${event.detail}${inRun()}`; });

// ---- what somebody writes outlives its form, which goes when the request is not theirs any more
let draft = "";
document.addEventListener("input", (event) => {
  if (event.target.matches("#write textarea.code")) draft = event.target.value;
});

function keepDraft() {
  if (!draft || document.getElementById("write") || document.getElementById("draft")) return;
  const kept = document.createElement("aside");
  const title = document.createElement("h2");
  const text = document.createElement("pre");
  kept.id = "draft";
  kept.setAttribute("aria-labelledby", "h-draft");
  title.id = "h-draft";
  title.textContent = "What you had written";
  text.textContent = draft;
  text.tabIndex = 0;
  kept.append(title, text);
  page().after(kept);
}

function enhance() {
  ages();
  keepDraft();
  window.drawCharts?.();
  window.drawTrees?.();
  window.sortTables?.();
  window.showEpisodes?.();
}

document.addEventListener("DOMContentLoaded", () => { enhance(); listen(); setInterval(ages, 5000); });
