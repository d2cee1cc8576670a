// Tables that are whole in the page are sorted by a click on a head.
"use strict";

const sorted = new WeakMap(); // by which column, and whether down: news bring the rows in the server's order

window.sortTables = () => {
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, place) => {
      if (head.querySelector("button")) return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        sort(table, place, head.getAttribute("aria-sort") === "ascending");
      });
    });
    if (sorted.has(table)) sort(table, ...sorted.get(table));
  }
};

function sort(table, place, down) {
  sorted.set(table, [place, down]);
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((each) => each.removeAttribute("aria-sort"));
  heads[place]?.setAttribute("aria-sort", down ? "descending" : "ascending");
  const value = (row) => {
    const text = row.cells[place]?.dataset.value ?? row.cells[place]?.textContent.trim() ?? "";
    const number = Number.parseFloat(text.replace("−", "-").replace("#", ""));
    return Number.isNaN(number) ? text.toLowerCase() : number;
  };
  const order = (a, b) => {
    const [x, y] = [value(a), value(b)];
    if (typeof x !== typeof y) return typeof x === "number" ? -1 : 1;
    return (x < y ? -1 : x > y ? 1 : 0) * (down ? -1 : 1);
  };
  for (const body of table.tBodies) body.append(...[...body.rows].sort(order));
}
