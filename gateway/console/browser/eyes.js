// What the tests look at a page with. Every page has it, before its own scripts.
(() => {
  "use strict";
  if (window.eyes) return;
  const eyes = window.eyes = { page: Math.random().toString(36) + Date.now() };
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const squeeze = (text) => (text || "").replace(/\s+/g, " ").trim();
  const shown = (el) => el.checkVisibility({ visibilityProperty: true, opacityProperty: false }) && el.getClientRects().length > 0;

  window.addEventListener("securitypolicyviolation", (e) =>
    console.error("content security policy: " + e.violatedDirective + " " + e.blockedURI + " " + e.sourceFile + ":" + e.lineNumber), true);

  eyes.settled = () => document.readyState === "complete" && !!document.body && !document.querySelector(".htmx-request, .htmx-settling") &&
    all("[data-chart]").every((el) => !shown(el) || el.childElementCount > 0 || el.textContent.trim() !== "");

  // still ends what moves: colours are measured as they will be.
  eyes.still = () => {
    getComputedStyle(document.body).color;
    for (const moving of document.getAnimations()) if (moving.playState === "running") { try { moving.finish(); } catch { moving.cancel(); } }
    return true;
  };

  eyes.says = (text) => squeeze(document.body.innerText).toLowerCase().includes(squeeze(text).toLowerCase());
  eyes.text = (selector) => squeeze(document.querySelector(selector)?.innerText);

  // named is what a person who cannot see would call an element.
  const named = (el) => {
    const by = el.getAttribute("aria-labelledby");
    if (by) return squeeze(by.split(/\s+/).map((id) => document.getElementById(id)?.textContent).join(" "));
    if (el.getAttribute("aria-label")) return squeeze(el.getAttribute("aria-label"));
    if (el.labels && el.labels.length) {
      const label = el.labels[0].cloneNode(true);
      all("input, select, textarea, small, button", label).forEach((inner) => inner.remove());
      return squeeze(label.textContent);
    }
    if (el.tagName === "INPUT" && /^(submit|button|reset)$/.test(el.type)) return squeeze(el.value);
    const own = el.cloneNode(true);
    all("kbd, .count", own).forEach((inner) => inner.remove()); // what is beside the name
    const text = squeeze(own.textContent);
    return text || squeeze(all("img[alt], svg[aria-label]", el).map((i) => i.alt || i.getAttribute("aria-label")).join(" ")) || squeeze(el.title);
  };
  eyes.named = named;

  // press finds what is named, and presses it if nothing lies over it. In a
  // dialog that is open, only the dialog can be pressed.
  eyes.press = (name) => {
    const root = all("dialog[open]").pop() || document;
    const wanted = squeeze(name).toLowerCase();
    const found = all("button, a[href], summary, input[type=submit], input[type=checkbox], input[type=radio], [role=button]", root)
      .filter((el) => shown(el) && !el.disabled);
    const el = found.find((el) => named(el).toLowerCase() === wanted) || found.find((el) => named(el).toLowerCase().startsWith(wanted));
    if (!el) return false;
    el.scrollIntoView({ block: "center", behavior: "instant" });
    const box = el.getClientRects()[0];
    const over = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    if (!over || !(el.contains(over) || over.contains(el))) return false;
    el.focus();
    el.click();
    return true;
  };

  eyes.fill = (field, value) => {
    const root = all("dialog[open]").pop() || document;
    const wanted = squeeze(field).toLowerCase();
    const fields = all("input:not([type=hidden]), select, textarea", root).filter((el) => shown(el) && !el.disabled);
    const el = fields.find((el) => el.name === field) || fields.find((el) => named(el).toLowerCase() === wanted) ||
      fields.find((el) => named(el).toLowerCase().startsWith(wanted));
    if (!el) return false;
    el.focus();
    if (el.type === "checkbox" || el.type === "radio") { if (el.checked !== (value === "on")) el.click(); return true; }
    if (el.tagName === "SELECT" && ![...el.options].some((o) => o.value === value)) {
      const option = [...el.options].find((o) => squeeze(o.textContent).toLowerCase() === value.toLowerCase());
      if (!option) return false;
      value = option.value;
    }
    el.value = value;
    el.dispatchEvent(new Event("input", { bubbles: true }));
    el.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  };

  eyes.set = (selector, value) => {
    const el = document.querySelector(selector);
    if (!el) return false;
    el.value = value;
    el.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  };

  // drop lets a file fall on the first form that takes one.
  eyes.drop = (name, type, base64) => {
    const form = all("form[data-drop]").find(shown);
    if (!form || !form.dataset.ready) return false;
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name, { type }));
    form.dispatchEvent(new DragEvent("dragover", { dataTransfer: data, bubbles: true, cancelable: true }));
    form.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
    return true;
  };

  // send posts a form with the page's token.
  eyes.send = async (path, values) => {
    const body = new URLSearchParams(values || {});
    const csrf = document.querySelector("input[name=csrf]");
    if (csrf) body.set("csrf", csrf.value);
    return (await fetch(path, { method: "POST", body, redirect: "manual" })).status;
  };

  eyes.links = () => [...new Set(all("a[href]").map((a) => a.href))];

  const where = (el) => {
    const id = el.id ? "#" + el.id : el.getAttribute("name") ? "[name=" + el.getAttribute("name") + "]" : el.className && typeof el.className === "string" ? "." + el.className.trim().split(/\s+/).join(".") : "";
    return el.tagName.toLowerCase() + id + " “" + squeeze(el.innerText || el.textContent).slice(0, 40) + "”";
  };

  // faults are what keeps a page from being used without a mouse or by ear.
  eyes.faults = () => {
    const found = [];
    const say = (what, el) => found.push(what + (el ? ": " + where(el) : ""));
    if (!document.documentElement.lang) say("the page has no language");
    if (!document.title) say("the page has no title");
    if (all("main").length !== 1) say("there are " + all("main").length + " main parts");
    if (all("h1").filter(shown).length !== 1) say("there are " + all("h1").filter(shown).length + " headings of the first level");
    const ids = new Set();
    for (const el of all("[id]")) { if (ids.has(el.id)) say("an id is used twice", el); ids.add(el.id); }
    for (const el of all("input:not([type=hidden], [hidden]), select, textarea")) if (!named(el)) say("a field without a label", el);
    for (const el of all("button, a[href], summary")) if (!named(el)) say("a button or link without a name", el);
    for (const el of all("img")) if (!el.hasAttribute("alt")) say("a picture without a text", el);
    for (const el of all("table")) if (!el.querySelector("th")) say("a table without headings", el);
    for (const el of all("th")) if (!squeeze(el.textContent)) say("an empty heading of a column", el);
    for (const el of all("[tabindex]")) if (el.tabIndex > 0) say("an order of focus of its own", el);
    for (const el of all("[aria-describedby]")) for (const id of el.getAttribute("aria-describedby").split(/\s+/)) if (!document.getElementById(id)) say("a description that is not there", el);
    for (const el of all("[style]")) if (!el.closest(".uplot, .chart, [data-chart]") && el.tagName !== "HTML" && el.tagName !== "BODY") say("a style of its own", el);
    for (const el of all("nav")) if (!named(el)) say("a nav without a name", el);
    return found;
  };

  // wide tells what makes the page wider than the window, and which rows that
  // stand as cards on a phone are cut there.
  eyes.wide = () => {
    const room = document.documentElement.clientWidth;
    const edge = (el) => el.closest(".scroll").getBoundingClientRect().right + 1;
    const cut = room < 600 ? all(".scroll table.stack tbody td, .scroll table.stack tbody td *").filter((el) => shown(el) && el.getBoundingClientRect().right > edge(el)) : [];
    if (cut.length) return ["rows are cut on a phone: " + cut.slice(0, 3).map(where).join(", ")];
    if (document.documentElement.scrollWidth <= room) return [];
    const scrolls = (el) => { for (let up = el.parentElement; up; up = up.parentElement) if (/auto|scroll|hidden|clip/.test(getComputedStyle(up).overflowX) && up !== document.body && up !== document.documentElement) return true; return false; };
    return ["the page is " + document.documentElement.scrollWidth + " wide, the window " + room + ": " +
      all("body *").filter((el) => shown(el) && el.getBoundingClientRect().right > room + 1 && !scrolls(el)).slice(-3).map(where).join(", ")];
  };

  // cut tells which tables show only a part of their columns.
  eyes.cut = () => all(".scroll").filter((el) => shown(el) && el.scrollWidth > el.clientWidth + 1).map(where);

  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const paint = canvas.getContext("2d", { willReadFrequently: true });
  const rgba = (text) => {
    const plain = /^rgba?\((\d+), (\d+), (\d+)(?:, ([\d.]+))?\)$/.exec(text);
    if (plain) return [+plain[1], +plain[2], +plain[3], plain[4] === undefined ? 1 : +plain[4]];
    paint.clearRect(0, 0, 1, 1); paint.fillStyle = text; paint.fillRect(0, 0, 1, 1);
    const d = paint.getImageData(0, 0, 1, 1).data;
    return [d[0], d[1], d[2], d[3] / 255];
  };
  const over = (top, below) => top.slice(0, 3).map((c, i) => c * top[3] + below[i] * (1 - top[3])).concat(1);
  const light = (c) => {
    const [r, g, b] = c.map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const backdrop = (el) => {
    const layers = [];
    for (let up = el; up; up = up.parentElement) {
      const c = rgba(getComputedStyle(up).backgroundColor);
      if (c[3] > 0) layers.push(c);
      if (c[3] === 1) break;
    }
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
  };

  // faint are texts that cannot be told from what is behind them.
  eyes.faint = (scheme) => {
    const found = new Map();
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const el = texts.currentNode.parentElement;
      if (!squeeze(texts.currentNode.data) || !shown(el) || el.closest("script, style, :disabled, [aria-disabled=true], .sr, .skip, option, .uplot")) continue;
      const style = getComputedStyle(el);
      const behind = backdrop(el), front = over(rgba(style.color), behind);
      const a = light(front), b = light(behind);
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      const size = parseFloat(style.fontSize);
      const need = size >= 24 || (size >= 18.66 && +style.fontWeight >= 700) ? 3 : 4.5;
      if (ratio < need) found.set(style.color + el.tagName + el.className, "contrast " + ratio.toFixed(2) + " in " + scheme + ": " + where(el));
    }
    return [...found.values()];
  };

  // foreign is what a page, given as text, says in Latin letters where only words
  // of ours can stand: not in what people or programs have named.
  eyes.foreign = (allowed, text) => {
    const known = new RegExp("^(?:" + allowed + ")$", "i");
    const root = new DOMParser().parseFromString(text, "text/html");
    const found = new Set();
    for (const el of all("h2, h3, th, dt, label, button, legend, summary, .badge, .empty, .hint, nav a, figcaption, .tile span, .note", root)) {
      if (el.closest("code, .name, .me a") || el.textContent.includes("@")) continue;
      for (const node of el.childNodes) {
        const said = node.nodeType === Node.TEXT_NODE ? squeeze(node.data) : "";
        if (!/[a-z]{2}/i.test(said) || /[а-яё]/i.test(said)) continue;
        const strange = said.split(/[\s/·,:;()+→←–—]+/).filter((word) => /[a-z]{2}/i.test(word) && !/[\d@_]/.test(word) && !known.test(word));
        if (strange.length) found.add("in Russian: " + el.tagName.toLowerCase() + (el.className ? "." + el.className : "") + " “" + said + "”");
      }
    }
    return [...found];
  };
})();
