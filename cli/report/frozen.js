// A report: pages of the dashboard as they were, with all that they need in one file.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const panel = document.getElementById("panel");
  const kept = document.getElementById("programs");
  const programs = kept ? JSON.parse(kept.textContent) : {};
  const make = (tag, text, kind) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (kind) made.className = kind;
    return made;
  };
  const KINDS = { "+": "added", "-": "removed", "@": "place" };
  const fold = (title, open, lines) => {
    const [box, code] = [make("details"), make("pre")];
    box.open = open;
    code.tabIndex = 0;
    code.append(...lines);
    box.append(make("summary", title), code);
    return box;
  };
  const show = (name) => {
    const one = programs[name];
    if (!panel || !one) return;
    const heading = make("h3", one.title);
    const parts = [heading, make("p", one.fitness, "faint"), make("p", one.edit)];
    if (one.change) {
      const lines = one.change.split("\n").map((line) => make("span", `${line}\n`, KINDS[line[0]]));
      parts.push(fold(`Change from ${one.parent}`, true, lines));
    }
    parts.push(fold("Code", !one.change, [one.source]));
    panel.replaceChildren(...parts);
  };
  document.addEventListener("program", (event) => show(event.detail));
  const choose = (name) => {
    const node = document.querySelector(`svg.tree circle[data-p="${CSS.escape(name)}"]`);
    if (node) window.chooseProgram(node);
    else show(name);
    document.getElementById(node ? "h-tree" : "h-program")?.scrollIntoView();
  };
  document.addEventListener("show-program", (event) => choose(event.detail));
  for (const link of document.querySelectorAll("[data-program]")) {
    link.addEventListener("click", () => choose(link.dataset.program));
  }
  window.drawCharts();
  window.drawTrees();
  window.sortTables();
  window.showEpisodes();
  const tree = document.querySelector("svg.tree");
  if (tree) show(tree.dataset.chosen);
});
