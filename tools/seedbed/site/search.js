// The search page. Parts of the index are scripts that call `seedbedPart`: a page opened from a folder may load nothing
// else. Whatever comes from the index is put into the page as text, never as markup. Words are cut as in search_index.py.
"use strict";

(() => {
  const SHOWN = 60;
  const LONGEST_WORD = 24;
  const PAIRED = /[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+/gu;
  const FACET = /^(state|kind|branch|author|licence|release)[:=]./i; // `=` finds that value alone, `:` what begins with it
  const parts = new Map();
  const waiting = new Map();
  let latest = 0;

  window.seedbedPart = (name, value) => {
    parts.set(name, value);
    for (const done of waiting.get(name) ?? []) done(value);
    waiting.delete(name);
  };

  function part(name) {
    if (parts.has(name)) return Promise.resolve(parts.get(name));
    return new Promise((done, failed) => {
      if (waiting.has(name)) return void waiting.get(name).push(done);
      waiting.set(name, [done]);
      const script = document.createElement("script");
      script.src = `search/${name}.js`;
      script.onerror = () => {
        waiting.delete(name);
        failed(new Error(`search/${name}.js cannot be loaded`));
      };
      document.head.append(script);
    });
  }

  function words(text) {
    const plain = text.normalize("NFKD").toLowerCase().replaceAll("\u00df", "ss").replace(/[\u0300-\u036f]/g, "");
    return (plain.match(/[\p{L}\p{M}\p{N}]+/gu) ?? []).flatMap(pieces).map(shortened);
  }

  function pieces(word) {
    const found = [];
    let at = 0;
    for (const run of word.matchAll(PAIRED)) {
      if (run.index > at) found.push(word.slice(at, run.index));
      const characters = [...run[0]];
      for (let place = 0; place < Math.max(1, characters.length - 1); place++) {
        found.push(characters.slice(place, place + 2).join(""));
      }
      at = run.index + run[0].length;
    }
    if (at < word.length) found.push(word.slice(at));
    return found;
  }

  const shortened = (word) => [...word].slice(0, LONGEST_WORD).join("");
  const isAscii = (word) => /^[\x00-\x7f]*$/.test(word);
  const partOf = (word) => (isAscii(word) ? word.slice(0, 2) : `u${word.codePointAt(0).toString(16)}`);

  function wordsOf(query) {
    return query.trim().split(/\s+/).filter(Boolean)
      .flatMap((word) => (FACET.test(word) ? [word.toLowerCase()] : words(word)));
  }

  // Leaf number → how well it fits one word: what begins with the word counts, and what equals it counts double.
  async function leavesWith(query, head) {
    const exact = FACET.test(query) && /^[a-z]+=/.test(query);
    const word = exact ? query.replace("=", ":") : query;
    const name = partOf(word);
    const fitting = head.parts.filter((one) => one === name || (isAscii(word) && word.length === 1 && one.startsWith(word)));
    const scores = new Map();
    for (const [held, postings] of await Promise.all(fitting.map((one) => part(`words/${one}`)))) {
      let place = firstAtLeast(held, word);
      for (; place < held.length && held[place].startsWith(word); place++) {
        if (exact && held[place] !== word) break; // what equals it comes first
        const found = postings[place];
        const rare = Math.log(1 + head.leaves / found.length) * (held[place] === word ? 2 : 1);
        let number = 0;
        for (const step of found) {
          number += step;
          const leaf = number >> 2;
          const score = rare * (number & 3);
          if (score > (scores.get(leaf) ?? 0)) scores.set(leaf, score);
        }
      }
    }
    return scores;
  }

  // Words are sorted as Python sorts them, by code point.
  function firstAtLeast(held, word) {
    let low = 0;
    let high = held.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(held[middle], word)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function isBefore(one, other) {
    const [a, b] = [[...one], [...other]];
    for (let place = 0; place < Math.min(a.length, b.length); place++) {
      if (a[place] !== b[place]) return a[place].codePointAt(0) < b[place].codePointAt(0);
    }
    return a.length < b.length;
  }

  async function search(query) {
    const mine = ++latest;
    const asked = wordsOf(query);
    if (!asked.length) return show(mine, [], "");
    try {
      const head = await part("head");
      const each = await Promise.all(asked.map((word) => leavesWith(word, head)));
      const [first, ...others] = each.sort((a, b) => a.size - b.size);
      const found = [...first.keys()].filter((leaf) => others.every((scores) => scores.has(leaf)))
        .map((leaf) => [leaf, each.reduce((sum, scores) => sum + scores.get(leaf), 0)])
        .sort((a, b) => b[1] - a[1] || a[0] - b[0]);
      const shown = found.slice(0, SHOWN).map(([leaf]) => leaf);
      const lines = await Promise.all(shown.map((leaf) => part(`leaves/${Math.floor(leaf / head.inAPart)}`)));
      show(mine, lines.map((held, place) => held[shown[place] % head.inAPart]), said(found.length), asked);
    } catch (error) {
      show(mine, [], `The search failed: ${error.message}.`);
    }
  }

  const counted = (count, one, many = `${one}s`) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

  function said(count) {
    if (!count) return "No leaf holds all of these words.";
    const leaves = counted(count, "leaf", "leaves");
    return count > SHOWN ? `${leaves}; the best ${SHOWN} are shown, and one more word finds fewer.` : `${leaves}.`;
  }

  function show(mine, leaves, message, asked = []) {
    if (mine !== latest) return; // something else was typed since
    document.getElementById("said").textContent = message;
    document.getElementById("results").replaceChildren(...leaves.map((leaf) => result(leaf, asked)));
  }

  function result([name, address, standing, kind, questions, samples, about], asked) {
    const link = made("a", name.split("/").flatMap((part, place) => [
      ...(place ? ["/", made("wbr", [])] : []),
      ...(isAscii(part) ? marked(part, asked).flatMap(breakable) : [made("bdi", marked(part, asked))]),
    ]));
    link.href = address;
    const facts = [standing, kind, counted(questions, "question"), counted(samples, "sample")];
    const task = made("div", marked(about, asked));
    task.dir = "auto";
    return made("li", [link, task, made("div", [facts.filter(Boolean).join(" · ")], "quiet")]);
  }

  // The text with every word that begins with one that was asked for set apart.
  function marked(text, asked) {
    return text.split(/([\p{L}\p{M}\p{N}]+)/u).filter(Boolean).map((piece) => {
      const [word] = words(piece);
      return word && asked.some((one) => word.startsWith(one)) ? made("mark", [piece]) : piece;
    });
  }

  const breakable = (piece) => (piece === "_" ? [piece, made("wbr", [])] : [piece]);

  function made(name, children, style) {
    const element = document.createElement(name);
    element.append(...children);
    if (style) element.className = style;
    return element;
  }

  function asked() {
    const fragment = new URLSearchParams(location.hash.slice(1)).get("q");
    return fragment ?? new URLSearchParams(location.search).get("q") ?? "";
  }

  document.addEventListener("DOMContentLoaded", () => {
    const field = document.getElementById("q");
    const begin = () => {
      if (field.value !== asked()) field.value = asked();
      search(field.value);
    };
    field.addEventListener("input", () => {
      history.replaceState(null, "", `#${new URLSearchParams({ q: field.value })}`);
      search(field.value);
    });
    field.form.addEventListener("submit", (event) => {
      event.preventDefault();
      document.querySelector("#results a")?.focus();
    });
    window.addEventListener("hashchange", begin);
    begin();
    if (!field.value) field.focus();
  });
})();
