/* Optimizer Atlas: search, copy buttons, the explorer's filters and the roadmap's highlighting.
   Pages are whole without this file; everything here only adds. */
(() => {
  "use strict";
  const here = document.currentScript.src.replace(/assets\/atlas\.js.*$/, "");
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  const plain = (text) => text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();

  const loaded = {};
  const load = (file) =>
    (loaded[file] ??= new Promise((resolve, reject) => {
      const script = make("script", { src: here + "assets/" + file });
      script.onload = resolve;
      script.onerror = () => reject(new Error(file));
      document.head.append(script);
    }));

  const copy = async (text, button) => {
    const label = (button.dataset.label ??= button.textContent);
    try {
      if (navigator.clipboard && window.isSecureContext) await navigator.clipboard.writeText(text);
      else {
        const area = make("textarea", { readonly: "" });
        area.value = text;
        document.body.append(area);
        area.select();
        const done = document.execCommand("copy");
        area.remove();
        button.focus();
        if (!done) throw new Error("copy");
      }
      button.textContent = "Copied";
    } catch {
      button.textContent = "Copying failed: select the text";
    }
    setTimeout(() => { button.textContent = label; }, 2000);
  };
  for (const button of all("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(document.getElementById(button.dataset.copy).textContent.trim() + "\n", button));
  }

  for (const block of all("div.highlight")) {
    if (block.closest(".steps")) continue;
    const button = make("button", { type: "button", class: "copy-code" }, "Copy");
    button.addEventListener("click", () => copy($("pre", block).textContent, button));
    block.append(button);
  }

  /* What is too wide scrolls in a region of its own, which the keyboard must reach */
  const regions = () => all(".scroll, .formula, .roadmap, .highlight pre, .highlight code, .cite pre, .md-typeset__scrollwrap"); // the last by the theme
  const reachable = new ResizeObserver(() => {
    for (const region of regions()) {
      const wide = region.scrollWidth > region.clientWidth + 1 || region.matches(".roadmap");
      if (wide === region.hasAttribute("tabindex")) continue;
      if (wide) {
        region.setAttribute("tabindex", "0");
        region.setAttribute("role", region.matches(".scroll, .roadmap") ? "region" : "group");
        region.setAttribute("aria-label", region.dataset.label ?? "Text that scrolls sideways");
      } else for (const name of ["tabindex", "role", "aria-label"]) region.removeAttribute(name);
    }
  });
  reachable.observe(document.body);

  /* The theme's drawer opens with a label, which the keyboard cannot press: a button takes its place */
  const label = $(".md-header label[for='__drawer']");
  const drawer = document.getElementById("__drawer");
  if (label && drawer) {
    const button = make("button", { type: "button", class: "md-header__button md-icon drawer-open", "aria-label": "Menu" }, ...label.cloneNode(true).children);
    const tell = () => button.setAttribute("aria-expanded", String(drawer.checked));
    label.before(button);
    label.hidden = true;
    button.addEventListener("click", () => drawer.click());
    drawer.addEventListener("change", tell);
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && drawer.checked) drawer.click();
    });
    tell();
  }

  /* Search: a dialog over all pages. Names are compared letter by letter, everything else by words. */
  const folded = (text) => plain(text).replace(/[^\p{L}\p{N}]/gu, "");
  const distance = (a, b, most) => {
    if (Math.abs(a.length - b.length) > most) return most + 1;
    let before = [];
    let row = Array.from({ length: b.length + 1 }, (_, i) => i);
    for (let i = 1; i <= a.length; i++) {
      const next = [i];
      for (let j = 1; j <= b.length; j++) {
        next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] !== b[j - 1]));
        if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) next[j] = Math.min(next[j], before[j - 2] + 1);
      }
      if (Math.min(...next) > most) return most + 1;
      [before, row] = [row, next];
    }
    return row[b.length];
  };
  const likeness = (query, names) => {
    const most = query.length < 4 ? 0 : query.length < 8 ? 1 : 2;
    let best = 0;
    for (const name of names) {
      if (name === query) return 1000;
      if (name.startsWith(query)) best = Math.max(best, 300 + (100 * query.length) / name.length);
      else if (query.length > 2 && name.includes(query)) best = Math.max(best, 60);
      else if (most) {
        const off = distance(query, name, most);
        if (off <= most) best = Math.max(best, 260 - 60 * off);
        else if (name.length > query.length && distance(query, name.slice(0, query.length), 1) <= 1) best = Math.max(best, 90);
      }
    }
    return best;
  };
  const setUpSearch = () => {
    const header = $(".md-header__inner");
    if (!header) return;
    const hint = "Name, alias, author or idea; typing errors are forgiven.";
    const open = make("button", { type: "button", class: "search-open", "aria-haspopup": "dialog", "aria-keyshortcuts": "/" }, "Search", make("kbd", { "aria-hidden": "true" }, "/"));
    header.insertBefore(open, $(".md-header__title", header).nextSibling);
    const input = make("input", { type: "search", id: "search-input", role: "combobox", "aria-expanded": "false", "aria-controls": "search-list", "aria-autocomplete": "list", autocomplete: "off", spellcheck: "false" });
    const list = make("ul", { id: "search-list", role: "listbox", "aria-label": "Search results" });
    const status = make("p", { role: "status" }, hint);
    const close = make("button", { type: "button" }, "Close");
    const dialog = make("dialog", { class: "search", "aria-label": "Search the atlas" }, make("div", { class: "head" }, make("label", { for: "search-input" }, "Search the atlas"), close), input, list, status);
    document.body.append(dialog);
    let index = null;
    let records = [];
    let current = -1;
    const prepare = async () => {
      if (index) return;
      await Promise.all([load("minisearch.js"), load("search.js")]);
      if (index) return;
      index = new MiniSearch({
        fields: ["title", "aliases", "authors", "idea", "paper", "words"],
        processTerm: plain,
        searchOptions: {
          boost: { title: 4, aliases: 3, authors: 3, paper: 1.5 },
          prefix: true,
          fuzzy: (term) => (term.length > 3 ? 0.2 : false),
          combineWith: "AND",
        },
      });
      index.addAll(window.atlasSearch);
      records = window.atlasSearch.map((r) => ({ ...r, names: [r.title, ...(r.aliases ?? "").split(" · ")].map(folded) }));
    };
    const find = (query) => {
      const options = { boostDocument: (id) => 1 + Math.log1p(weights.get(id) ?? 0) / 8 };
      const weights = new Map(records.map((r) => [r.id, r.heirs ?? 0]));
      let words = index.search(query, options);
      if (!words.length) words = index.search(query, { ...options, combineWith: "OR" });
      const scores = new Map(words.map((r) => [r.id, Math.min(r.score, 250)]));
      const whole = folded(query);
      const ranked = records.map((r) => {
        const like = whole ? likeness(whole, r.names) : 0;
        return { r, score: (scores.get(r.id) ?? 0) + like * (1 + Math.log1p(r.heirs ?? 0) / 40) };
      });
      return ranked.filter((x) => x.score > 0).sort((a, b) => b.score - a.score).slice(0, 12).map((x) => x.r);
    };
    const select = (position) => {
      const links = all("a", list);
      current = links.length ? (position + links.length) % links.length : -1;
      links.forEach((a, i) => a.setAttribute("aria-selected", String(i === current)));
      if (current >= 0) {
        input.setAttribute("aria-activedescendant", links[current].id);
        links[current].scrollIntoView({ block: "nearest" });
      } else input.removeAttribute("aria-activedescendant");
    };
    const show = () => {
      const query = input.value.trim();
      const found = query ? find(query) : [];
      list.replaceChildren(...found.map((r, i) => make("li", { role: "none" }, make("a", { href: here + r.id, role: "option", id: "search-" + i, tabindex: "-1" }, make("strong", {}, r.title), make("span", {}, r.idea)))));
      input.setAttribute("aria-expanded", String(found.length > 0));
      status.textContent = query ? (found.length ? `${found.length} result${found.length > 1 ? "s" : ""}; arrows choose, Enter opens` : "Nothing found.") : hint;
      select(0);
    };
    open.addEventListener("click", async () => {
      dialog.showModal();
      input.focus();
      input.select();
      await prepare();
      show();
    });
    close.addEventListener("click", () => dialog.close());
    input.addEventListener("input", async () => { await prepare(); show(); });
    input.addEventListener("keydown", async (event) => {
      if (event.key === "Escape") {
        event.preventDefault();
        dialog.close();
      }
      if (!["ArrowDown", "ArrowUp", "Enter"].includes(event.key) || event.isComposing) return;
      event.preventDefault();
      await prepare();
      if (event.key === "ArrowDown") select(current + 1);
      else if (event.key === "ArrowUp") select(current - 1);
      else if (current >= 0) {
        const link = all("a", list)[current];
        dialog.close();
        link.click();
      }
    });
    list.addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
      if ((event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) || (event.key === "k" && (event.ctrlKey || event.metaKey))) {
        event.preventDefault();
        if (!dialog.open) open.click();
      }
    });
  };
  setUpSearch();

  /* Sorting of tables: buttons in the heads, numbers by size, the rest by letters, rows without a value last */
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const pressable = (heads, press) => {
    for (const head of heads) {
      const button = make("button", { type: "button" }, ...head.childNodes);
      head.replaceChildren(button);
      button.addEventListener("click", () => press(head));
    }
  };
  const order = (a, b) => (a !== "" && b !== "" && Number(a) - Number(b)) || collator.compare(a, b);
  const inOrder = (rows, value, down, tie) => {
    const keys = new Map(rows.map((r) => [r, value(r)]));
    const compare = (a, b) => (a === null) - (b === null) || (a === null ? 0 : order(a, b) * (down ? -1 : 1));
    return [...rows].sort((a, b) => compare(keys.get(a), keys.get(b)) || tie(a, b));
  };
  const tellOrder = (heads, current, down) => {
    for (const head of heads) {
      if (head === current) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  };

  /* Explorer: filters, sorting, chosen rows; the state lives in the address */
  const setUpExplorer = () => {
    const table = $("#method-table");
    if (!table) return;
    const body = $("tbody", table);
    const rows = all("tr", body);
    const form = $("#filters");
    const heads = all("th[data-key]", table);
    const column = Object.fromEntries(heads.map((h, i) => [h.dataset.key, i + 1]));
    const text = (row, key) => row.cells[column[key]].textContent.trim();
    const several = { family: "family", scenario: "scenario", kind: "kind" };
    const facets = {};
    for (const name of ["order", "category", "decay", "status"]) facets[name] = (row) => [text(row, name)];
    for (const name of Object.keys(several)) facets[name] = (row) => row.dataset[name].split(" ");
    const chosen = new Set();
    const known = new Map(rows.map((r) => [r.dataset.id, r]));
    const haystack = new Map();
    let sort = { key: "name", down: false };

    for (const element of [form, $("#cart"), ...all(".choose", table)]) element.hidden = false;
    for (const row of rows) row.cells[0].append(make("input", { type: "checkbox", "aria-label": "Choose " + text(row, "name") }));
    pressable(heads, (head) => {
      sort = { key: head.dataset.key, down: sort.key === head.dataset.key && !sort.down };
      apply(true);
    });
    /* Columns that are not wanted are hidden; the name always stays */
    const usual = heads.filter((h) => !("optional" in h.dataset)).map((h) => h.dataset.key);
    const boxes = heads.slice(1).map((head) => {
      const box = make("input", { type: "checkbox", value: head.dataset.key });
      $("#columns").append(make("label", {}, box, " " + head.textContent));
      return box;
    });
    const columns = () => ["name", ...boxes.filter((b) => b.checked).map((b) => b.value)];
    const arrange = () => {
      const wanted = new Set(columns());
      for (const row of [...$("thead", table).rows, ...rows]) for (const [key, at] of Object.entries(column)) {
        row.cells[at].hidden = !wanted.has(key);
        row.cells[at].classList.toggle("on", wanted.has(key));
      }
    };
    $("#columns").addEventListener("change", () => { arrange(); write(true); });
    const read = () => {
      const given = new URLSearchParams(location.search || location.hash.slice(1));
      const wanted = given.get("columns")?.split(",") ?? usual;
      for (const box of boxes) box.checked = wanted.includes(box.value);
      arrange();
      for (const field of form.elements) if (field.name) field.value = given.get(field.name) ?? "";
      const [key, direction] = (given.get("sort") ?? "name").split("-");
      sort = { key: key in column ? key : "name", down: direction === "down" };
      chosen.clear();
      for (const id of (given.get("pick") ?? "").split(",")) if (known.has(id)) chosen.add(id);
      for (const [id, row] of known) $("input", row).checked = chosen.has(id);
    };
    /* A choice gets a step of its own in the history; the letters of a search word share one */
    const write = (step) => {
      const state = new URLSearchParams();
      for (const field of form.elements) if (field.name && field.value) state.set(field.name, field.value);
      if (sort.key !== "name" || sort.down) state.set("sort", sort.key + (sort.down ? "-down" : ""));
      if (columns().join() !== usual.join()) state.set("columns", columns().slice(1).join(","));
      if (chosen.size) state.set("pick", [...chosen].join(","));
      const query = state.size ? "?" + state.toString().replaceAll("%2C", ",") : "";
      if (query === location.search && !location.hash) return;
      history[step ? "pushState" : "replaceState"](null, "", location.pathname + query);
    };
    const value = (row, at) => row.cells[at].dataset.sort ?? row.cells[at].textContent.trim();
    const draw = () => {
      const words = plain(form.q.value).split(/\s+/).filter(Boolean);
      const from = Number(form.from.value || 0);
      const to = Number(form.to.value || 9999);
      const wanted = Object.entries(facets).filter(([name]) => form[name]?.value);
      let shown = 0;
      for (const row of rows) {
        const year = Number(text(row, "year"));
        const hay = haystack.get(row.dataset.id) ?? plain(row.textContent);
        const passes = words.every((w) => hay.includes(w)) && year >= from && year <= to && wanted.every(([name, of]) => of(row).includes(form[name].value));
        row.hidden = !passes;
        shown += passes;
      }
      const at = column[sort.key];
      body.append(...inOrder(rows, (r) => value(r, at), sort.down, (a, b) => collator.compare(a.dataset.id, b.dataset.id)));
      tellOrder(heads, heads.find((h) => h.dataset.key === sort.key), sort.down);
      $("#shown").textContent = `${shown} of ${rows.length} methods`;
      $("#chosen").textContent = chosen.size ? `, ${chosen.size} chosen` : "; none chosen, so exports take all that are shown";
      $("#nothing").hidden = shown > 0;
    };
    const apply = (step) => { draw(); write(step); };
    const targets = () => [...body.rows].filter((r) => (chosen.size ? chosen.has(r.dataset.id) : !r.hidden));
    const bibtex = () => {
      const { methods, papers } = window.atlasCitations;
      const keys = [...new Set(targets().flatMap((r) => methods[r.dataset.id]))];
      return keys.map((k) => papers[k]).join("\n\n") + "\n";
    };
    const titles = heads.map((h) => h.textContent.toLowerCase().replaceAll(" ", "_"));
    const facts = () => targets().map((r) => ({ id: r.dataset.id, ...Object.fromEntries(titles.map((t, i) => [t, r.cells[i + 1].textContent.trim()])), papers: window.atlasCitations.methods[r.dataset.id] }));
    const cell = (given) => {
      const safe = /^[=+\-@\t]/.test(given) ? "'" + given : given;
      return /[",\n]/.test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe;
    };
    const csv = () => {
      const names = ["id", ...titles, "papers"];
      return [names.join(","), ...facts().map((d) => names.map((n) => cell([d[n]].flat().join("; "))).join(","))].join("\r\n") + "\r\n";
    };
    const download = (name, type, content) => {
      const url = URL.createObjectURL(new Blob([content], { type }));
      make("a", { href: url, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(url), 1000);
    };
    const actions = {
      bibtex: (button) => copy(bibtex(), button),
      bib: () => download("optimizers.bib", "application/x-bibtex", bibtex()),
      csv: () => download("optimizers.csv", "text/csv", csv()),
      json: () => download("optimizers.json", "application/json", JSON.stringify(facts(), null, 1) + "\n"),
      none: () => {
        chosen.clear();
        for (const row of rows) $("input", row).checked = false;
        apply(true);
      },
    };
    for (const button of all("[data-export]")) {
      button.addEventListener("click", async () => {
        await load("citations.js");
        actions[button.dataset.export](button);
      });
    }
    body.addEventListener("change", (event) => {
      const row = event.target.closest("tr");
      if (event.target.checked) chosen.add(row.dataset.id);
      else chosen.delete(row.dataset.id);
      apply(true);
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", (event) => apply(event.target.matches("select")));
    form.addEventListener("reset", () => setTimeout(() => apply(true)));
    window.addEventListener("popstate", () => { read(); draw(); });
    window.addEventListener("pageshow", (event) => { if (event.persisted) { read(); draw(); } });
    /* aliases, authors and summaries are not in the table; they come with the search's records */
    const learn = async () => {
      await load("search.js");
      for (const r of window.atlasSearch) {
        const id = r.id.replace(/^methods\/(.*)\.html$/, "$1");
        if (known.has(id)) haystack.set(id, plain([known.get(id).textContent, r.aliases, r.authors, r.idea, r.paper].join(" ")));
      }
      if (form.q.value) draw();
    };
    form.q.addEventListener("focus", learn, { once: true });
    read();
    apply();
    if (form.q.value) learn();
  };
  setUpExplorer();

  /* Published results: a press sorts by a column, the best first; words in place of numbers stay at the end */
  const setUpResults = (table) => {
    const body = $("tbody", table);
    const rows = [...body.rows];
    const heads = [...$("thead tr", table).cells];
    const first = new Map(rows.map((r, i) => [r, i]));
    const value = (row, at) => {
      const cell = row.cells[at];
      if (cell.matches(".state")) return null;
      return cell.matches("th, .word") ? cell.textContent.trim() : cell.firstChild.textContent.replace("≈", "").trim();
    };
    let sorted = null;
    let down = false;
    pressable(heads, (head) => {
      down = head === sorted ? !down : head.dataset.best === "higher";
      sorted = head;
      body.append(...inOrder(rows, (r) => value(r, heads.indexOf(head)), down, (a, b) => first.get(a) - first.get(b)));
      tellOrder(heads, head, down);
    });
  };
  for (const table of all("table.sortable")) setUpResults(table);

  /* Discrepancies: filters and sorting; the state lives in the address, a link to a row clears what would hide it */
  const setUpLedger = () => {
    const table = $("#ledger-table");
    if (!table) return;
    const body = $("tbody", table);
    const rows = [...body.rows];
    const form = $("#ledger-filters");
    const heads = [...$("thead tr", table).cells];
    const first = new Map(rows.map((r, i) => [r, i]));
    const hay = new Map(rows.map((r) => [r, plain(r.textContent)]));
    const facets = all("select", form).map((s) => s.name);
    const value = (row, at) => {
      const cell = row.cells[at];
      return (cell.dataset.sort ?? cell.textContent.trim()) || null;
    };
    let sort = { key: "", down: false };
    form.hidden = false;
    const draw = () => {
      const words = plain(form.q.value).split(/\s+/).filter(Boolean);
      const wanted = facets.filter((name) => form[name].value);
      let shown = 0;
      for (const row of rows) {
        row.hidden = !(words.every((w) => hay.get(row).includes(w)) && wanted.every((name) => row.dataset[name].split("|").includes(form[name].value)));
        shown += !row.hidden;
      }
      const head = heads.find((h) => h.dataset.key === sort.key);
      const tie = (a, b) => first.get(a) - first.get(b);
      body.append(...(head ? inOrder(rows, (r) => value(r, heads.indexOf(head)), sort.down, tie) : rows));
      tellOrder(heads, head, sort.down);
      $("#ledger-shown").textContent = `${shown} of ${rows.length} differences`;
      $("#ledger-nothing").hidden = shown > 0;
    };
    const write = (step) => {
      const state = new URLSearchParams();
      for (const field of form.elements) if (field.name && field.value) state.set(field.name, field.value);
      if (sort.key) state.set("sort", sort.key + (sort.down ? "-down" : ""));
      const query = state.size ? "?" + state : "";
      if (query !== location.search) history[step ? "pushState" : "replaceState"](null, "", location.pathname + query);
    };
    const read = () => {
      const given = new URLSearchParams(location.search);
      for (const field of form.elements) {
        if (!field.name) continue;
        field.value = given.get(field.name) ?? "";
        if (field.selectedIndex === -1) field.value = "";
      }
      const [key, direction] = (given.get("sort") ?? "").split("-");
      sort = { key, down: direction === "down" };
      draw();
    };
    const goTo = () => {
      const row = document.getElementById(location.hash.slice(1));
      if (row?.closest("#ledger-table") !== table) return;
      if (row.hidden) {
        form.reset();
        draw();
      }
      $("details", row)?.setAttribute("open", "");
      row.scrollIntoView({ block: "start" });
    };
    pressable(heads, (head) => {
      sort = { key: head.dataset.key, down: sort.key === head.dataset.key ? !sort.down : head.dataset.key === "effect" };
      draw();
      write(true);
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", (event) => { draw(); write(event.target.matches("select")); });
    form.addEventListener("reset", () => setTimeout(() => { draw(); write(true); }));
    window.addEventListener("popstate", read);
    window.addEventListener("hashchange", goTo);
    read();
    goTo();
  };
  setUpLedger();

  /* Papers: each line's BibTeX */
  for (const line of all(".papers .key-line")) {
    const key = line.closest("li").id;
    const button = make("button", { type: "button", "aria-label": "Copy BibTeX of " + key }, "Copy BibTeX");
    button.addEventListener("click", async () => {
      await load("citations.js");
      copy(window.atlasCitations.papers[key] + "\n", button);
    });
    line.append(button);
  }

  /* Roadmap: one method's ancestors and descendants stand out */
  const setUpRoadmap = () => {
    const svg = $(".roadmap-svg");
    if (!svg) return;
    const edges = all(".edges path", svg);
    const boxes = new Map(all(".box", svg).map((b) => [b.dataset.id, b]));
    const picker = $("#roadmap-filter");
    const up = new Map();
    const down = new Map();
    for (const { dataset: { from, to } } of edges) {
      up.set(to, [...(up.get(to) ?? []), from]);
      down.set(from, [...(down.get(from) ?? []), to]);
    }
    const reach = (start, next) => {
      const seen = new Set([start]);
      for (const id of seen) for (const other of next.get(id) ?? []) seen.add(other);
      return seen;
    };
    const focus = (id) => {
      svg.classList.toggle("focus", Boolean(id));
      const above = id ? reach(id, up) : new Set();
      const below = id ? reach(id, down) : new Set();
      for (const [name, box] of boxes) box.classList.toggle("on", above.has(name) || below.has(name));
      for (const e of edges) {
        const { from, to } = e.dataset;
        e.classList.toggle("on", (above.has(from) && above.has(to)) || (below.has(from) && below.has(to)));
      }
    };
    const select = $("select", picker);
    picker.hidden = false;
    for (const [id, box] of boxes) {
      box.addEventListener("pointerenter", () => focus(id));
      box.addEventListener("focus", () => focus(id));
      box.addEventListener("pointerleave", () => focus(select.value));
      box.addEventListener("blur", () => focus(select.value));
    }
    select.addEventListener("change", () => {
      focus(select.value);
      boxes.get(select.value)?.scrollIntoView({ block: "nearest", inline: "center" });
    });
    const region = $(".roadmap");
    region.scrollLeft = region.scrollWidth;
    focus(select.value);
  };
  setUpRoadmap();
})();
