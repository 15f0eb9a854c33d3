// What only a browser can do: quotes on hover, the way from a badge to its quote, panes on a phone,
// colours, language, copying. It makes no HTML out of texts, and remembers in variables, because
// the page's parts are drawn anew while an answer grows.
(() => {
  if (window.firstpilot) return;
  window.firstpilot = true;
  const $ = (selector, root) => (root || document).querySelector(selector);
  const all = (selector, root) => [...(root || document).querySelectorAll(selector)];
  const phone = () => matchMedia("(max-width: 900px)").matches;
  const keep = (name, value) => { try { localStorage.setItem(name, value); } catch (none) {} };
  const kept = (name) => { try { return localStorage.getItem(name); } catch (none) { return null; } };

  // Colours: as the system has them, until the reader chooses.
  const dark = (on) => document.body.classList.toggle("dark", on);
  const colours = kept("firstpilot-colours");
  const chosen = () => { if (colours) dark(colours === "dark"); };

  // What the server turns away is told in the page's language; what was typed stays in its box.
  const KEPT = "firstpilot-question", box = () => $("#fp-question textarea");
  const tell = (what, seconds) => {
    let line = $("#fp-told");
    const head = $(".fp-head[data-language]"), place = $("#fp-composer");
    if (!what || !head || !place) { if (line) line.remove(); return; }
    close("side");
    if (!line) {
      line = document.createElement("p");
      line.id = "fp-told";
      line.className = "fp-hint";
      line.setAttribute("role", "alert");
      place.prepend(line);
    }
    line.textContent = head.dataset[what].replace("{seconds}", seconds);
    if (what !== "expired") return;
    const way = document.createElement("a");
    way.textContent = head.dataset.logIn;
    way.href = `login?next=${encodeURIComponent(location.pathname + location.search)}`;
    way.addEventListener("click", () => {
      try { sessionStorage.setItem(KEPT, box().value); } catch (none) {}
    });
    line.append(" ", way);
  };
  const fetched = window.fetch.bind(window), ending = new Set();
  // Until Gradio knows that a run has ended it drops the next question without a word: what ended
  // the run is not shown before that. A cancel is followed by a reset, hence the turns in between;
  // one that does not come back is waited for but once.
  const MOST = 10000, turn = (time) => new Promise((go) => setTimeout(go, time));
  const ended = async () => {
    do {
      await turn(0);
      await Promise.race([Promise.allSettled(ending), turn(200)]);
      await turn(0);
    } while (ending.size);
  };
  const end = async (going) => {
    ending.add(going);
    setTimeout(() => ending.delete(going), MOST);
    try { return await going; } finally { ending.delete(going); }
  };
  // Gradio's client cancels by an id that it does not have before it was told of it.
  const joins = new Map();
  const named = async ([way, options]) => {
    const said = JSON.parse(options.body), join = joins.get(said.fn_index);
    if (said.event_id || !join) return [way, options];
    return [way, { ...options, body: JSON.stringify({ ...said, event_id: await join }) }];
  };
  const noteJoin = (options, answer) => joins.set(
    JSON.parse(options.body).fn_index,
    answer.then((come) => come.clone().json()).then((told) => told.event_id, () => null),
  );
  window.fetch = async (...sent) => {
    const way = new URL(sent[0].url || sent[0], location.href).pathname;
    if (/\/gradio_api\/reset$/.test(way)) return end(fetched(...sent));
    if (/\/gradio_api\/cancel$/.test(way)) return end(named(sent).then((told) => fetched(...told)));
    if (!/\/gradio_api\/(queue\/join|run\/)/.test(way)) return fetched(...sent);
    try {
      const coming = fetched(...sent), join = way.endsWith("/join");
      if (join && sent[1]) noteJoin(sent[1], coming);
      const answer = await coming;
      if (ending.size && !join) await ended();
      const what = { 401: "expired", 429: "tooMany", 503: "busy" }[answer.status] || "lost";
      tell(answer.ok ? "" : what, answer.headers.get("Retry-After") || "60");
      return answer;
    } catch (gone) {
      tell("lost");
      throw gone;
    }
  };
  // After a new login, what was typed comes back as a question in the address does.
  try {
    const typed = sessionStorage.getItem(KEPT), url = new URL(location.href);
    sessionStorage.removeItem(KEPT);
    if (typed) { url.searchParams.set("q", typed); history.replaceState(null, "", url); }
  } catch (none) {}

  // Quotes on hover and focus.
  let tip = null;
  const hide = () => { if (tip) tip.hidden = true; };
  const show = (badge) => {
    if (!badge.dataset.quote) return;
    if (!tip) {
      tip = document.createElement("div");
      tip.id = "fp-tip";
      tip.setAttribute("role", "tooltip");
      tip.append(document.createElement("q"), document.createElement("small"));
      ($("main") || document.body).append(tip);
    }
    tip.firstChild.textContent = badge.dataset.quote;
    tip.lastChild.textContent = badge.dataset.where || "";
    tip.hidden = false;
    const at = badge.getBoundingClientRect(), size = tip.getBoundingClientRect();
    const left = Math.min(Math.max(8, at.left - 24), innerWidth - size.width - 8);
    const above = at.top - size.height - 8;
    tip.style.left = `${left}px`;
    tip.style.top = `${above > 8 ? above : at.bottom + 8}px`;
  };
  const badgeOf = (event) => event.target.closest && event.target.closest(".fp-badge");
  document.addEventListener("mouseover", (event) => {
    const badge = badgeOf(event);
    if (badge && !phone()) show(badge); else if (!(event.target.closest && event.target.closest("#fp-tip"))) hide();
  });
  document.addEventListener("focusin", (event) => {
    const badge = badgeOf(event);
    if (badge && !phone() && badge.matches(":focus-visible")) show(badge); else hide();
  });

  // From a badge to its quote. The pane may have to come from the server first.
  let wanted = null, back = null;
  const quoteIn = (card, at) => all("mark", card).find(
    (mark) => Number(mark.dataset.from) <= at && at < Number(mark.dataset.to)) || $("mark", card);
  const mark = () => {
    const card = wanted && document.getElementById(wanted.card);
    if (!card) return null;
    const folded = card.closest(".fp-also");
    if (folded) folded.open = true;
    card.open = true;
    card.classList.add("fp-now");
    const quote = wanted.at === "" ? null : quoteIn(card, Number(wanted.at));
    if (quote) quote.classList.add("fp-now");
    return { card, quote };
  };
  const go = () => {
    all("#fp-sources .fp-now").forEach((other) => other.classList.remove("fp-now"));
    const found = mark();
    if (!found) return false;
    open("sources");
    requestAnimationFrame(() => {
      found.card.scrollIntoView({ block: "nearest" });
      if (found.quote) found.quote.scrollIntoView({ block: "center" });
      $("summary", found.card).focus({ preventScroll: true });
    });
    return true;
  };
  document.addEventListener("click", (event) => {
    const badge = badgeOf(event);
    if (!badge) return;
    hide();
    back = badge.dataset.card + badge.dataset.at;
    wanted = { card: badge.dataset.card, at: badge.dataset.at || "", waits: false };
    // The pane of an answer that still grows has no quotes until they are asked for.
    const there = go(), card = document.getElementById(wanted.card);
    if (there && (wanted.at === "" || $("mark", card))) event.preventDefault(); // nothing to fetch
    else { wanted.waits = true; open("sources"); }
  }, true);

  // Panes that lie over the page on a phone.
  const open = (name) => {
    document.body.classList.add(`fp-open-${name}`);
    if (name === "side") { const first = $("#fp-side .fp-close"); if (first) first.focus(); }
  };
  const close = (name) => {
    if (!document.body.classList.contains(`fp-open-${name}`)) return false;
    document.body.classList.remove(`fp-open-${name}`);
    const to = name === "side" ? $("[data-open=side]")
      : all(".fp-badge").find((badge) => badge.dataset.card + badge.dataset.at === back);
    if (to) to.focus();
    return true;
  };
  // The clipboard is kept from pages by plain HTTP and from frames; the older way is not.
  const write = async (text) => {
    try { await navigator.clipboard.writeText(text); return true; } catch (none) {}
    const area = document.createElement("textarea"), focused = document.activeElement;
    area.value = text;
    area.readOnly = true;
    area.style.cssText = "position: fixed; top: 0; opacity: 0";
    document.body.append(area);
    area.select();
    let done = false;
    try { done = document.execCommand("copy"); } catch (none) {}
    area.remove();
    if (focused) focused.focus({ preventScroll: true });
    return done;
  };
  const names = new Map();
  const rename = (button, said, seconds) => {
    const before = names.get(button) || button.textContent;
    names.set(button, before);
    button.textContent = said;
    setTimeout(() => {
      if (button.textContent === said) { button.textContent = before; names.delete(button); }
    }, 1000 * seconds);
  };
  const copy = async (button) => {
    const article = document.getElementById(button.dataset.copy);
    const answer = article && $(".fp-answer", article);
    if (!answer) return;
    const text = answer.cloneNode(true), sources = new Map();
    all(".fp-badge", text).forEach((badge) => {
      const number = badge.lastChild.textContent;
      badge.replaceWith(` [${number}]`);
      if (badge.dataset.where) sources.set(number, `[${number}] ${badge.dataset.where}`);
    });
    all("p, li, tr", text).forEach((block) => block.append("\n"));
    all("td, th", text).forEach((cell) => cell.append("\t"));
    const said = `${text.textContent.trim()}\n\n${[...sources.values()].join("\n")}`.trim();
    if (await write(said)) rename(button, button.dataset.done, 1.5);
    else rename(button, button.dataset.failed, 6);
  };
  document.addEventListener("click", (event) => {
    const from = event.target.closest && event.target.closest("button, a");
    if (!from) return;
    if (from.dataset.open) {
      if (phone()) open(from.dataset.open); else document.body.classList.toggle("fp-no-side");
    }
    if (from.dataset.close) close(from.dataset.close);
    if (from.dataset.copy) copy(from);
    if (from.dataset.chosen) keep("firstpilot-language", from.dataset.chosen);
    if ("themeSwitch" in from.dataset) {
      const now = !document.body.classList.contains("dark");
      keep("firstpilot-colours", now ? "dark" : "light");
      dark(now);
    }
    if (from.matches(".fp-skip")) { event.preventDefault(); $("#fp-question textarea").focus(); }
    if (from.closest("#fp-side") && from.matches(".fp-open, .fp-new")) close("side");
    if (from.dataset.do === "edit" || from.matches(".fp-new")) {
      setTimeout(() => $("#fp-question textarea").focus(), 300);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    hide();
    if (close("sources") || close("side")) return;
    const stop = $("#fp-question .stop-button");
    if (stop) stop.click();
  });
  let typing = 0;
  document.addEventListener("input", (event) => {
    if (event.target.id !== "fp-find") return;
    clearTimeout(typing);
    typing = setTimeout(() => { typing = 0; event.target.form.requestSubmit(); }, 250);
  });

  // What a reader folded or unfolded stays so when it is drawn anew.
  const folds = new Map();
  document.addEventListener("click", (event) => {
    const summary = event.target.closest && event.target.closest("summary");
    const fold = summary && summary.parentElement;
    if (fold && fold.id && !fold.matches(".fp-card")) folds.set(fold.id, !fold.open);
  });
  document.addEventListener("submit", (event) => {
    const fold = event.target.closest("details[id]");
    if (fold) folds.delete(fold.id);
  });

  // After each drawing: what was marked stays marked, a new question is in sight, the address fits.
  let newest = "";
  const drawn = () => {
    const head = $(".fp-head[data-language]");
    if (head && document.documentElement.lang !== head.dataset.language) {
      document.documentElement.lang = head.dataset.language;
    }
    if (wanted) { if (wanted.waits) { if (go()) wanted.waits = false; } else mark(); }
    folds.forEach((open, id) => {
      const fold = document.getElementById(id);
      if (fold && fold.open !== open) fold.open = open;
    });
    const list = $(".fp-list"), find = $("#fp-find");
    if (list && find && !typing && find !== document.activeElement && find.value.trim() !== list.dataset.words) {
      find.value = list.dataset.words;
    }
    const log = $(".fp-log"), last = log && log.lastElementChild;
    if (last && last.id !== newest) {
      newest = last.id;
      log.scrollTop = newest && last.previousElementSibling ? last.offsetTop - 16 : 0;
    }
    const open = $("#fp-conversation textarea, #fp-conversation input");
    const url = new URL(location.href), id = open ? open.value : "";
    const is = url.searchParams.get("c") || "";
    if (log && (id !== is || url.searchParams.has("q")) && (id || arrived)) {
      if (id) url.searchParams.set("c", id); else url.searchParams.delete("c");
      url.searchParams.delete("q");
      history.replaceState(null, "", url);
    }
    if (id) arrived = true;
  };
  let arrived = false, due = false;
  new MutationObserver(() => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => { due = false; drawn(); });
  }).observe(document.documentElement, { childList: true, subtree: true, characterData: true });
  const start = () => { chosen(); setTimeout(chosen, 500); };
  if (document.body) start(); else document.addEventListener("DOMContentLoaded", start);
})();
