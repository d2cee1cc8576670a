// Episodes: a picture of each step under a slider, with what is told of it.
"use strict";

(() => {
  const SECONDS = 0.12;
  const words = (name) => name.replaceAll("_", " ");
  const number = (value) => (typeof value === "number" ? String(Number(value.toPrecision(4))) : value);

  function play(box, film) {
    const [image, range, said, button] = ["img", "input", "output", "button"].map((name) => box.querySelector(name));
    const [head, body] = [box.querySelector("thead"), box.querySelector("tbody")];
    const facts = film.facts[0] ?? {};
    const each = Object.keys(facts).filter((name) => Array.isArray(facts[name]));
    const all = Object.keys(facts).filter((name) => !Array.isArray(facts[name]));
    const last = film.pictures.length - 1;
    const cells = [];
    if (each.length) {
      const row = head.insertRow();
      for (const name of ["agent", ...each]) {
        const cell = document.createElement("th");
        cell.scope = "col";
        cell.textContent = words(name);
        row.append(cell);
      }
      facts[each[0]].forEach((_, agent) => {
        const line = body.insertRow();
        const title = document.createElement("th");
        title.scope = "row";
        title.textContent = agent;
        line.append(title);
        cells.push(each.map(() => line.insertCell()));
      });
    }
    const show = (place) => {
      const now = film.facts[place] ?? {};
      image.src = `data:image/png;base64,${film.pictures[place]}`;
      range.value = place;
      const told = all.map((name) => `${words(name)} ${number(now[name])}`).join(", ") || `${place + 1} of ${last + 1}`;
      said.textContent = told;
      image.alt = `The map: ${told}`;
      range.setAttribute("aria-valuetext", told);
      cells.forEach((line, agent) => line.forEach((cell, k) => { cell.textContent = number(now[each[k]][agent]); }));
    };
    let timer = null;
    const pause = () => {
      clearInterval(timer);
      timer = null;
      button.textContent = "Play";
    };
    const start = () => {
      if (Number(range.value) >= last) show(0);
      button.textContent = "Pause";
      timer = setInterval(() => {
        const next = Number(range.value) + 1;
        if (next <= last && box.isConnected) show(next); else pause();
      }, 1000 * SECONDS);
    };
    const turn = () => (timer ? pause() : start());
    range.max = last;
    range.addEventListener("input", () => { pause(); show(Number(range.value)); });
    range.addEventListener("keydown", (event) => {
      if (event.key === " ") { event.preventDefault(); turn(); }
    });
    button.addEventListener("click", turn);
    image.addEventListener("load", () => {
      const scale = Math.max(1, Math.min(3, Math.floor(520 / Math.max(image.naturalWidth, image.naturalHeight))));
      [image.width, image.height] = [scale * image.naturalWidth, scale * image.naturalHeight];
    }, { once: true });
    show(0);
  }

  window.showEpisodes = async () => {
    for (const box of document.querySelectorAll(".player:not([data-ready])")) {
      box.dataset.ready = "1";
      const { address, film } = box.dataset;
      try {
        play(box, film ? JSON.parse(document.getElementById(film).textContent) : await (await fetch(address)).json());
      } catch {
        box.querySelector("output").textContent = "The pictures cannot be had; load the page again.";
      }
    }
  };
})();
