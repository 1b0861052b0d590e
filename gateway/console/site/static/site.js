// What the pages do beyond links and forms: live updates, clocks, copying,
// keys, charts and dropped files. Everything here adds to pages that work
// without it.
(() => {
  "use strict";
  const $$ = (selector, root = document) => root.querySelectorAll(selector);
  const csrf = () => { try { return JSON.parse(document.body.getAttribute("hx-headers"))["X-Csrf-Token"]; } catch { return ""; } };

  // Clocks: [data-age] counts up, [data-left] counts down.
  const span = (seconds) => {
    const s = Math.max(0, Math.floor(seconds));
    if (s < 60) return s + "s";
    if (s < 3600) return Math.floor(s / 60) + "m " + String(s % 60).padStart(2, "0") + "s";
    if (s < 86400) return Math.floor(s / 3600) + "h " + String(Math.floor(s / 60) % 60).padStart(2, "0") + "m";
    return Math.floor(s / 86400) + "d " + Math.floor(s / 3600) % 24 + "h";
  };
  const tick = () => {
    const now = Date.now();
    for (const el of $$("time[data-age]")) {
      const age = (now - Date.parse(el.dateTime)) / 1000;
      el.textContent = span(age);
      el.classList.toggle("old", el.hasAttribute("data-late") && age > Number(el.dataset.late));
    }
    for (const el of $$("time[data-left]")) {
      const left = (Date.parse(el.dateTime) - now) / 1000;
      el.textContent = left > 0 ? span(left) : "0s";
      el.classList.toggle("soon", left < 120);
    }
  };
  setInterval(tick, 1000);

  // Live: one stream a page; a topic whose version changed is an event on the
  // body, which parts of the page are triggered by: hx-trigger="live:NAME from:body".
  const follow = (url) => {
    const seen = new Map();
    const dot = document.querySelector("[data-live-dot]");
    let source, wait = 2000;
    const topic = (event) => {
      const at = event.data.indexOf(" ");
      const topic = event.data.slice(0, at), version = event.data.slice(at + 1);
      const count = document.querySelector(`[data-count="${topic}"]`);
      if (count) count.textContent = version.split("/")[0] === "0" ? "" : version.split("/")[0];
      if (seen.has(topic) && seen.get(topic) !== version) document.body.dispatchEvent(new CustomEvent("live:" + topic));
      seen.set(topic, version);
    };
    // What the server refuses, the browser asks for no more: the session is over
    // (204), or there is no room at the moment.
    const refused = async () => {
      const asked = new AbortController();
      let status = 0;
      try { status = (await fetch(url, { headers: { Accept: "text/event-stream" }, signal: asked.signal })).status; asked.abort(); } catch { /* not to be reached */ }
      if (status === 204) {
        window.location.replace(document.body.dataset.base + "/sign-in?ended=1&next=" + encodeURIComponent(window.location.pathname + window.location.search));
        return;
      }
      setTimeout(open, wait);
      wait = Math.min(wait * 2, 60000);
    };
    const open = () => {
      source = new EventSource(url);
      source.onopen = () => { wait = 2000; if (dot) dot.classList.add("on"); };
      source.onerror = () => {
        if (dot) dot.classList.remove("on");
        if (source.readyState === EventSource.CLOSED) refused();
      };
      source.addEventListener("topic", topic);
    };
    open();
    window.addEventListener("pagehide", () => source.close());
    window.addEventListener("pageshow", (event) => { if (event.persisted) open(); });
  };

  // What a page asks for by itself says so: it does not keep the session from
  // ending, as what a person asks for does.
  const byItself = (cause) => !cause || cause.type.startsWith("live:") || cause.type.startsWith("hx:poll") || cause.type === "load";
  document.addEventListener("htmx:configRequest", ({ detail }) => { if (detail.verb === "get" && byItself(detail.triggeringEvent)) detail.headers["X-Background"] = "true"; });

  const copy = async (button) => {
    const text = button.dataset.copy;
    try { await navigator.clipboard.writeText(text); } catch {
      const area = document.createElement("textarea");
      area.value = text; area.className = "sr"; document.body.append(area); area.select();
      document.execCommand("copy"); area.remove();
    }
    button.classList.add("done");
    setTimeout(() => button.classList.remove("done"), 1200);
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) { event.preventDefault(); copy(button); }
    if (event.target.closest("[data-print]")) window.print();
    const opener = event.target.closest("[data-open]");
    if (opener) { event.preventDefault(); const d = document.getElementById(opener.dataset.open); if (d) { d.showModal(); const f = d.querySelector("input:not([type=hidden]), select, textarea"); if (f) f.focus(); } }
    const closer = event.target.closest("[data-close]");
    if (closer) { event.preventDefault(); closer.closest("dialog").close(); }
  });
  document.addEventListener("submit", (event) => {
    const text = event.target.dataset.confirm;
    if (text && !window.confirm(text)) { event.preventDefault(); event.stopImmediatePropagation(); return; }
    // A second press of the same button is the commonest double payment there is.
    if (event.target.method === "post" && !event.target.hasAttribute("hx-post") && !event.target.closest("dialog[id=keys]")) {
      for (const b of $$("button:not([type=button])", event.target)) setTimeout(() => { b.disabled = true; }, 0);
    }
  }, true);
  window.addEventListener("pageshow", () => { for (const b of $$("form button[disabled]:not([data-disabled])")) b.disabled = false; });
  document.addEventListener("change", (event) => { if (event.target.matches("[data-submit]")) event.target.form.requestSubmit(); });

  // Keys: [data-key] is pressed by its key; ? lists them. On a keyboard without
  // Latin letters the place of the key counts, as it does for the Russian dot.
  const typing = "input:not([type=radio]):not([type=checkbox]):not([type=file]), textarea, select, [contenteditable]";
  const keyOf = ({ key, code, shiftKey }) => {
    if (code === "Slash" && (key === "." || key === ",")) return key === "," ? "?" : "/";
    if (/^Key[A-Z]$/.test(code) && !/^[a-z]$/i.test(key)) return shiftKey ? key : code.slice(3).toLowerCase();
    return shiftKey ? key : key.toLowerCase();
  };
  const usable = (el) => !el.disabled && !el.closest("dialog:not([open])") && el.getClientRects().length > 0;
  const wordsOf = (el) => [...el.childNodes].filter((n) => n.nodeName !== "KBD").map((n) => n.textContent).join("").trim();
  document.addEventListener("keydown", (event) => {
    // A key that is held down would press what the next page has for it.
    if (event.repeat || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.target.closest(typing)) return;
    if (document.querySelector("dialog[open]")) return;
    const key = keyOf(event);
    if (key === "?") {
      event.preventDefault();
      const dialog = document.getElementById("keys");
      if (!dialog) return;
      const list = dialog.querySelector("dl");
      list.replaceChildren();
      for (const el of [...$$("[data-key]")].filter(usable)) {
        const key = document.createElement("dt"), what = document.createElement("dd"), kbd = document.createElement("kbd");
        kbd.textContent = el.dataset.key; key.append(kbd);
        what.textContent = el.dataset.does || wordsOf(el) || el.getAttribute("placeholder") || "";
        list.append(key, what);
      }
      dialog.showModal();
      return;
    }
    const target = [...$$(`[data-key="${CSS.escape(key)}"]`)].find(usable);
    if (!target) return;
    event.preventDefault();
    if (target.matches("input, textarea")) target.focus(); else target.click();
  });

  // Charts: [data-chart] names JSON: {"x": [unix seconds], "series": [{"name", "values", "colour", "steps"}], "unit"}.
  // [data-near] is for what moves far from zero: its axis holds the values alone.
  const near = (min, max) => { const room = (max - min) / 5 || max / 20 || 1; return [min - room, max + room]; };
  const drawn = new Map(); // the plots of charts by their elements, with what they show
  const load = async (el) => {
    const answer = await fetch(el.dataset.chart, { headers: { Accept: "application/json" } });
    if (answer.ok && window.uPlot) draw(el, await answer.json());
  };
  const draw = (el, data) => {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue("--" + name).trim() || name;
    const axis = { stroke: colour("pico-muted-color"), grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line") } };
    const two = (n) => String(n).padStart(2, "0");
    // Times are UTC, on a clock of 24 hours, with the day where it begins.
    const stamp = (ts, step) => {
      const at = new Date(ts * 1000), day = two(at.getUTCMonth() + 1) + "-" + two(at.getUTCDate());
      return step >= 86400 || (at.getUTCHours() === 0 && at.getUTCMinutes() === 0) ? day : two(at.getUTCHours()) + ":" + two(at.getUTCMinutes());
    };
    const times = { ...axis, values: (u, splits, index, space, step) => splits.map((ts) => stamp(ts, step)) };
    const when = (u, ts) => ts == null ? "–" : new Date(ts * 1000).toISOString().slice(0, 16).replace("T", " ");
    const options = {
      width: el.clientWidth, height: Number(el.dataset.height || 220), tzDate: (ts) => new Date(ts * 1000 + new Date(ts * 1000).getTimezoneOffset() * 60000),
      legend: { live: true }, cursor: { points: { size: 6 } }, scales: { y: { range: (u, min, max) => el.hasAttribute("data-near") ? near(min, max) : [Math.min(0, min), max > 0 ? max * 1.1 : 1] } },
      axes: [times, { ...axis, size: 60 }],
      series: [{ label: data.xname || "", value: when }].concat(data.series.map((s) => ({ label: s.name, stroke: colour(s.colour), width: 2, fill: s.fill ? colour(s.colour) + "33" : undefined, points: { show: data.x.length < 40 }, paths: s.steps ? window.uPlot.paths.stepped({ align: 1 }) : undefined }))),
    };
    el.replaceChildren();
    drawn.set(el, { data, plot: new window.uPlot(options, [data.x].concat(data.series.map((s) => s.values)), el) });
    widths.observe(el);
  };
  const widths = new ResizeObserver((entries) => {
    for (const { target } of entries) if (drawn.has(target)) { const { plot } = drawn.get(target); plot.setSize({ width: target.clientWidth, height: plot.height }); }
  });
  // Colours are drawn in, so they do not follow the system by themselves.
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const [el, { data, plot }] of [...drawn]) {
      plot.destroy();
      if (el.isConnected) draw(el, data); else { drawn.delete(el); widths.unobserve(el); }
    }
  });

  // Files: a form with [data-drop] sends its files, one after the other. What is
  // answered takes the place of what [data-into] names, so that nothing is lost that
  // was typed elsewhere on the page.
  const send = async (form, file) => {
    const words = form.dataset, out = form.querySelector("[data-drop-note]");
    const say = (text, bad) => { out.textContent = file.name + ": " + text; out.classList.toggle("why", bad); return !bad; };
    if (file.size > Number(words.most)) return say(words.large, true);
    say(words.busy, false);
    const body = new FormData();
    body.append(words.drop, file, file.name);
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Csrf-Token": csrf(), "Hx-Request": "true" } });
      if (answer.status === 204) return say(words.ended, true); // it leads to signing in
      if (answer.ok) {
        document.getElementById(words.into).innerHTML = await answer.text();
        tick();
        return say(words.done, false);
      }
      const problem = (await answer.json()).error;
      return say(problem.message + (problem.fields ? ": " + Object.values(problem.fields).join(", ") : ""), true);
    } catch { return say(words.lost, true); }
  };
  const sendAll = async (form, files) => {
    if (form.dataset.sending || !files.length) return;
    form.dataset.sending = "1";
    for (const file of [...files]) if (!await send(form, file)) break;
    delete form.dataset.sending;
    form.querySelector("input[type=file]").value = ""; // the same file may be chosen again
  };
  // What is dropped beside the form would be opened in place of the page.
  for (const type of ["dragover", "drop"]) document.addEventListener(type, (e) => { if (document.querySelector("form[data-drop]")) e.preventDefault(); });
  const drops = (root) => {
    for (const form of $$("form[data-drop]", root)) {
      if (form.dataset.ready) continue;
      form.dataset.ready = "1";
      const input = form.querySelector("input[type=file]");
      input.addEventListener("change", () => { sendAll(form, input.files); });
      form.addEventListener("dragover", (e) => { e.preventDefault(); form.classList.add("over"); });
      form.addEventListener("dragleave", () => form.classList.remove("over"));
      form.addEventListener("drop", (e) => { e.preventDefault(); form.classList.remove("over"); sendAll(form, e.dataTransfer.files); });
      form.addEventListener("submit", (e) => e.preventDefault());
    }
  };

  const ready = (root) => {
    tick(); drops(root);
    for (const el of $$("[data-chart]", root)) if (!el.dataset.ready) { el.dataset.ready = "1"; load(el); }
    for (const chat of $$(".chat", root)) chat.scrollTop = chat.scrollHeight;
  };
  document.addEventListener("DOMContentLoaded", () => {
    ready(document);
    lead();
    const menu = document.querySelector("[data-menu]");
    if (menu && window.matchMedia("(min-width: 761px)").matches) menu.open = true;
    if (document.body.dataset.live) follow(document.body.dataset.live);
  });
  // Focus goes where the work goes on: to what must be mended, or to what the last
  // step has to say.
  const lead = () => {
    if (document.activeElement !== document.body) return;
    const wrong = document.querySelector("main [aria-invalid=true]"), closed = wrong && wrong.closest("dialog:not([open])");
    if (closed) closed.showModal();
    const to = wrong || document.querySelector("main > .note:is([role=status], [role=alert])");
    if (!to) return;
    if (!wrong) to.tabIndex = -1;
    to.focus({ preventScroll: !wrong });
  };
  document.addEventListener("htmx:afterSwap", (event) => {
    ready(event.target);
    if (event.detail.requestConfig.verb !== "post") return;
    const next = event.target.querySelector("[data-focus]");
    if (next) next.focus();
  });
})();
