// Family trees: moved and zoomed by mouse and keys; which program was chosen is told as an event.
"use strict";

const trees = new WeakMap(); // what each does when news have come: they make it as the server sees it

function tree(svg) {
  if (trees.has(svg)) { trees.get(svg)(); return; }
  const size = () => [Number(svg.dataset.width), Number(svg.dataset.height)];
  const box = svg.parentElement;
  const tip = document.getElementById("treetip");
  let [view, whole] = [null, true];
  const nodes = () => [...svg.querySelectorAll("circle")];
  const show = () => svg.setAttribute("viewBox", view.join(" "));
  const all = () => {
    // The whole tree, in the shape of the box that it stands in.
    const shape = box.clientWidth / Math.max(box.clientHeight, 1);
    const [width, height] = size();
    const [w, h] = width / height > shape ? [width, width / shape] : [height * shape, height];
    view = [(width - w) / 2, (height - h) / 2, Math.max(w, 120), Math.max(h, 120 / shape)];
    whole = true;
    show();
  };
  const around = (x, y, wide) => {
    const shape = box.clientWidth / Math.max(box.clientHeight, 1);
    view = [x - wide / 2, y - wide / shape / 2, wide, wide / shape];
    whole = false;
    show();
  };
  const zoom = (factor, x, y) => {
    const [left, top, w, h] = view;
    const [cx, cy] = [x ?? left + w / 2, y ?? top + h / 2];
    view = [cx - (cx - left) * factor, cy - (cy - top) * factor, w * factor, h * factor];
    whole = false;
    show();
  };
  const at = (event) => {
    const place = svg.getBoundingClientRect();
    return [view[0] + ((event.clientX - place.left) / place.width) * view[2], view[1] + ((event.clientY - place.top) / place.height) * view[3]];
  };
  const marked = () => svg.querySelector("circle.chosen");
  const mark = (node) => {
    marked()?.classList.remove("chosen");
    node?.classList.add("chosen");
  };
  const choose = (node, open = true) => {
    if (!node?.dataset.p) return;
    mark(node);
    svg.dataset.chosen = node.dataset.p;
    const [x, y] = [Number(node.getAttribute("cx")), Number(node.getAttribute("cy"))];
    if (x < view[0] || y < view[1] || x > view[0] + view[2] || y > view[1] + view[3]) around(x, y, view[2]);
    svg.setAttribute("aria-description", node.dataset.t);
    if (!open) return;
    document.dispatchEvent(new CustomEvent("program", { detail: node.dataset.p }));
  };
  window.chooseProgram = (node) => choose(node);
  all();
  if (nodes().length > 400) {
    const best = nodes().filter((node) => node.classList.contains("best")).pop();
    if (best) around(Number(best.getAttribute("cx")), Number(best.getAttribute("cy")), Math.min(size()[0], 900));
  }
  const named = () => nodes().find((node) => node.dataset.p === svg.dataset.chosen);
  choose(named(), false);
  trees.set(svg, () => { if (whole) all(); else show(); mark(named()); });
  svg.addEventListener("wheel", (event) => { event.preventDefault(); zoom(event.deltaY > 0 ? 1.2 : 1 / 1.2, ...at(event)); }, { passive: false });
  let held = null;
  svg.addEventListener("pointerdown", (event) => { held = { at: at(event), moved: false }; });
  svg.addEventListener("pointermove", (event) => {
    if (held && event.buttons) {
      const [x, y] = at(event);
      const [dx, dy] = [held.at[0] - x, held.at[1] - y];
      if (Math.abs(dx) + Math.abs(dy) > view[2] / 200) held.moved = true;
      if (held.moved) { view[0] += dx; view[1] += dy; whole = false; show(); }
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
    if (event.key === "Enter" && here?.dataset.p) { document.dispatchEvent(new CustomEvent("open-program", { detail: here.dataset.p })); return; }
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
      ({ in: () => zoom(1 / 1.4), out: () => zoom(1.4), all, best: () => { if (best) { around(Number(best.getAttribute("cx")), Number(best.getAttribute("cy")), Math.min(size()[0], 500)); choose(best); } } })[button.dataset.zoom]();
    };
  }
}

window.drawTrees = () => document.querySelectorAll("svg.tree").forEach(tree);
