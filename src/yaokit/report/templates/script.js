"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const SVG = "http://www.w3.org/2000/svg";

  // candidates: sort, filter, gallery
  const controls = byId("controls"), box = byId("cards");
  const cards = box ? [...box.children] : [];
  for (const card of cards) card.values = JSON.parse(card.dataset.sort);

  function matches(card, form) {
    return (!form.domain.checked || card.dataset.domain === "1")
      && (!form.clean.checked || card.dataset.alerts === "0")
      && (!form.source.value || card.dataset.source === form.source.value)
      && card.dataset.text.includes(form.text.value.trim().toLowerCase());
  }
  function update() {
    const form = controls.elements, key = form.sort.value;
    const sign = form.sort.selectedOptions[0].dataset.descending === "1" ? -1 : 1;
    const order = (a, b) => {
      const [x, y] = [a.values[key], b.values[key]];
      if (x === null || y === null) return (x === null) - (y === null);
      return sign * (x - y) || a.values.rank - b.values.rank;
    };
    for (const card of cards.sort(order)) {
      card.hidden = !matches(card, form);
      box.append(card);
    }
    box.classList.toggle("gallery", form.gallery.checked);
    byId("shown").textContent = `${cards.filter((card) => !card.hidden).length} of ${cards.length}`;
  }
  if (controls) {
    controls.addEventListener("input", update);
    controls.addEventListener("submit", (event) => event.preventDefault());
    update();
  }
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((d) => { d.open = true; }));

  // a molecule from { atoms, bonds, labels }, see chem/depict.py
  function shape(name, attributes, parent) {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return parent.appendChild(node);
  }
  function color(text) {
    const element = text.replace(/^\d+/, "").match(/^(Cl|Br|[A-Z])/)?.[0];
    const kind = { N: "-n", O: "-o", S: "-s", F: "-x", Cl: "-x", Br: "-x", I: "-x", P: "-p" }[element] ?? "";
    return `var(--mol${kind})`;
  }
  function draw(mol) {
    const svg = document.createElementNS(SVG, "svg");
    const at = (i) => [mol.atoms[2 * i], mol.atoms[2 * i + 1]];
    const xs = mol.atoms.filter((_, i) => i % 2 === 0), ys = mol.atoms.filter((_, i) => i % 2);
    const [left, top] = [Math.min(...xs) - 16, Math.min(...ys) - 14];
    const [width, height] = [Math.max(...xs) - left + 16, Math.max(...ys) - top + 14];
    const [w, h] = [Math.max(width, 130), Math.max(height, 90)];
    svg.setAttribute("viewBox", `${left - (w - width) / 2} ${top - (h - height) / 2} ${w} ${h}`);
    const labels = new Map();
    for (let i = 0; i < mol.labels.length; i += 2) labels.set(mol.labels[i], mol.labels[i + 1]);
    const line = (p, q) => `M${p[0]},${p[1]}L${q[0]},${q[1]}`;
    const pull = new Map();  // which way an atom's bonds go: its hydrogens stand on the other side
    let thin = "", solid = "";
    for (let i = 0; i < mol.bonds.length; i += 3) {
      const [a, b, kind] = mol.bonds.slice(i, i + 3);
      let [p, q] = [at(a), at(b)];
      const length = Math.hypot(q[0] - p[0], q[1] - p[1]) || 1;
      const u = [(q[0] - p[0]) / length, (q[1] - p[1]) / length], n = [u[1], -u[0]];
      pull.set(a, (pull.get(a) ?? 0) + u[0]);
      pull.set(b, (pull.get(b) ?? 0) - u[0]);
      if (labels.has(a)) p = [p[0] + 6.5 * u[0], p[1] + 6.5 * u[1]];
      if (labels.has(b)) q = [q[0] - 6.5 * u[0], q[1] - 6.5 * u[1]];
      const side = (s, cut) => line([p[0] + s * n[0] + cut * u[0], p[1] + s * n[1] + cut * u[1]],
        [q[0] + s * n[0] - cut * u[0], q[1] + s * n[1] - cut * u[1]]);
      if (kind === 1 || kind === 3 || kind > 5) thin += line(p, q);
      if (kind === 2) thin += side(1.8, 0) + side(-1.8, 0);
      if (kind === 3) thin += side(3, 0) + side(-3, 0);
      if (kind > 5) thin += side(kind === 6 ? 3.4 : -3.4, 2.4);
      if (kind === 4) solid += `M${p[0]},${p[1]}L${q[0] + 3 * n[0]},${q[1] + 3 * n[1]}L${q[0] - 3 * n[0]},${q[1] - 3 * n[1]}Z`;
      if (kind === 5) for (let k = 1; k <= 6; k++) {
        const c = [p[0] + (q[0] - p[0]) * k / 6, p[1] + (q[1] - p[1]) * k / 6], r = k / 2;
        thin += line([c[0] + r * n[0], c[1] + r * n[1]], [c[0] - r * n[0], c[1] - r * n[1]]);
      }
    }
    shape("path", { d: thin, fill: "none", style: "stroke:var(--mol);stroke-width:1.3" }, svg);
    if (solid) shape("path", { d: solid, style: "fill:var(--mol)" }, svg);
    for (const [i, text] of labels) {
      const [x, y] = at(i);
      const style = `fill:${color(text)};font:11px sans-serif`;
      const [element, hydrogens, charge] = text.match(/^(\d*[A-Z*][a-z]?)(H[₂₃₄]?)?(.*)$/)?.slice(1) ?? [text];
      const left = hydrogens && pull.get(i) > 0.3, shift = 4 + 3 * (element.length - 1);
      const place = left ? { x: x + shift, "text-anchor": "end" } : { x: x - shift };
      const order = left ? [hydrogens, element, charge] : [element, hydrogens, charge];
      shape("text", { ...place, y: y + 4, style }, svg).textContent = order.join("");
    }
    return svg;
  }

  // map of chemical space
  const map = byId("map");
  if (map) {
    const points = JSON.parse(byId("points").textContent);
    const plot = map.querySelector(".plot"), picture = plot.querySelector("svg");
    const tip = byId("tip"), cursor = byId("cursor"), hidden = new Set();
    const boxes = [...map.querySelectorAll("input[data-layer]")];
    const names = [...new Set(points.map((point) => point.g))];
    let shown = null;

    function nearest(event) {
      const area = picture.getBoundingClientRect(), scale = 900 / area.width;
      const [x, y] = [(event.clientX - area.left) * scale, (event.clientY - area.top) * scale];
      let best = null, least = (18 * scale) ** 2;
      for (const point of points) {
        if (hidden.has(point.g)) continue;
        const d = (point.x - x) ** 2 + (point.y - y) ** 2 - (point.r ? 1 : 0);
        if (d <= least) [best, least] = [point, d];
      }
      return best;
    }
    function say(parent, text, className = "") {
      const p = parent.appendChild(document.createElement("p"));
      p.textContent = text;
      p.className = className;
    }
    function show(point) {
      if (point === shown) return;
      shown = point;
      tip.hidden = !point;
      cursor.setAttribute("cx", point ? point.x : -50);
      cursor.setAttribute("cy", point ? point.y : -50);
      if (!point) return;
      tip.replaceChildren();
      if (point.m) tip.append(draw(point.m)); else say(tip, "too big to draw", "note");
      say(tip, point.r ? `candidate ${point.r}: ${point.i}` : `${point.i}`);
      const what = point.g === "measured" ? "measured" : "predicted";
      say(tip, `${what} ${point.v ?? "nothing"}`);
      if (point.d !== undefined) say(tip, point.d ? "in domain" : "outside the domain", point.d ? "good" : "bad");
      if (point.g !== "measured" && point.g !== "candidate") say(tip, point.g, "note");
      const scale = picture.getBoundingClientRect().width / 900;
      const [x, y] = [point.x * scale, point.y * scale];
      const [w, h] = [tip.offsetWidth, tip.offsetHeight];
      tip.style.left = `${Math.max(0, Math.min(x + 16, plot.clientWidth - w))}px`;
      tip.style.top = `${y + 16 + h > plot.clientHeight ? Math.max(0, y - h - 16) : y + 16}px`;
    }
    plot.addEventListener("pointermove", (event) => show(nearest(event)));
    plot.addEventListener("pointerdown", (event) => show(nearest(event)));
    plot.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") show(null); });
    picture.addEventListener("click", (event) => {
      const point = nearest(event);
      if (point?.r && event.detail === 2) location.hash = `c${point.r}`;
    });
    for (const input of boxes) {
      input.addEventListener("change", () => {
        const name = names[Number(input.dataset.layer)];
        picture.querySelector(`g[data-layer="${input.dataset.layer}"]`).style.display = input.checked ? "" : "none";
        if (input.checked) hidden.delete(name); else hidden.add(name);
        show(null);
      });
    }
  }
})();
