// Makes the pages pleasanter; none of them needs it. Times in the reader's own zone,
// distances that keep counting, and new alerts put at their place as they come in.
"use strict";

(() => {
  const pad = (number) => String(number).padStart(2, "0");
  const sameDay = (a, b) => a.toDateString() === b.toDateString();

  const clock = (at, now) => {
    const time = `${pad(at.getHours())}:${pad(at.getMinutes())}`;
    if (sameDay(at, now)) return time;
    const year = at.getFullYear() === now.getFullYear() ? undefined : "numeric";
    const day = at.toLocaleDateString("en-GB", { day: "numeric", month: "short", year });
    return `${day}, ${time}`;
  };

  // The same words as the server writes.
  const distance = (at, now) => {
    const secs = Math.trunc((now - at) / 1000);
    const minutes = Math.trunc(Math.abs(secs) / 60);
    if (minutes === 0) return "just now";
    const span =
      minutes < 60 ? `${minutes} min`
      : minutes < 2880 ? `${Math.trunc(minutes / 60)} h`
      : `${Math.trunc(minutes / 1440)} days`;
    return secs > 0 ? `${span} ago` : `in ${span}`;
  };

  const left = (at, now) => {
    if (at <= now) return "now";
    return at - now < 60_000 ? "in a moment" : distance(at, now);
  };

  const tellTimes = (root) => {
    const now = new Date();
    for (const time of root.querySelectorAll("time[datetime]")) {
      const at = new Date(time.dateTime);
      if (Number.isNaN(at.getTime())) continue;
      if ("clock" in time.dataset) time.textContent = clock(at, now);
      if ("ago" in time.dataset) {
        time.textContent = distance(at, now);
        time.title = clock(at, now);
      }
      if ("until" in time.dataset) {
        time.textContent = left(at, now);
        time.title = clock(at, now);
      }
    }
  };

  const zone = document.querySelector("[data-zone]");
  if (zone) {
    zone.textContent = Intl.DateTimeFormat().resolvedOptions().timeZone || "your time zone";
  }
  tellTimes(document);
  setInterval(() => tellTimes(document), 30_000);

  const list = document.querySelector("[data-live]");
  if (!list || !("EventSource" in window)) return;

  const state = document.querySelector("[data-live-state]");
  const announcer = document.querySelector("[data-announce]");
  const show = (text, className) => {
    if (!state) return;
    state.hidden = false;
    state.textContent = text;
    state.className = `live-state ${className}`;
  };
  const cardOf = (id) =>
    [...list.querySelectorAll("[data-mention]")].find((card) => card.dataset.mention === id);

  const toggleEmpty = () => {
    const empty = document.querySelector("[data-empty]");
    if (empty) empty.hidden = list.querySelector("[data-mention]") !== null;
  };

  const tellCounts = (counts) => {
    for (const [name, number] of Object.entries(counts)) {
      for (const place of document.querySelectorAll(`[data-count="${name}"]`)) {
        const shown = place.querySelector("[data-number]") || place;
        shown.textContent = Number(number).toLocaleString("en-GB");
        if (place.classList.contains("badge")) place.hidden = Number(number) === 0;
        if (name === "overdue") place.classList.toggle("alarm", Number(number) > 0);
      }
    }
    const waiting = Number(counts.waiting);
    const title = document.title.replace(/^\(\d[\d,]*\) /, "");
    document.title = waiting > 0 ? `(${waiting}) ${title}` : title;
  };

  // Cards stand in the order of their deadlines: a new one goes before the first later one.
  const put = (card) => {
    const due = card.dataset.due || "";
    const later = [...list.querySelectorAll("[data-mention]")].find((other) => (other.dataset.due || "") > due);
    list.insertBefore(card, later || null);
  };

  const arrive = (card) => {
    tellTimes(card);
    card.classList.add("arrived");
    put(card);
    if (announcer) announcer.textContent = `New: ${card.dataset.title}`;
  };
  // Whoever has the keyboard inside a card keeps it until the next load.
  const takeAway = (card) => {
    if (card && !card.contains(document.activeElement)) card.remove();
  };

  // What was closed while the page below is on its way must not come back with it.
  let closedMeanwhile = new Set();
  const fetchMissing = async () => {
    closedMeanwhile = new Set();
    const answer = await fetch("/", { headers: { accept: "text/html" } });
    if (!answer.ok || answer.redirected) throw new Error(`the page answered ${answer.status}`);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const card of page.querySelectorAll("[data-live] > [data-mention]")) {
      const id = card.dataset.mention;
      if (!cardOf(id) && !closedMeanwhile.has(id)) arrive(document.adoptNode(card));
    }
    toggleEmpty();
  };

  const events = new EventSource("/events/stream");
  events.addEventListener("open", () => show("Live", "on"));
  events.addEventListener("error", () => show("Connection lost, trying again", "off"));
  events.addEventListener("list", (message) => {
    const { ids } = JSON.parse(message.data);
    for (const card of list.querySelectorAll("[data-mention]")) {
      if (!ids.includes(card.dataset.mention)) takeAway(card);
    }
    toggleEmpty();
    if (ids.some((id) => !cardOf(id))) {
      fetchMissing().catch(() => show("Some alerts were missed: reload the page", "off"));
    }
  });
  events.addEventListener("mention", (message) => {
    const { id, card } = JSON.parse(message.data);
    const template = document.createElement("template");
    template.innerHTML = card;
    const fresh = template.content.firstElementChild;
    if (!fresh) return;
    const old = cardOf(id);
    closedMeanwhile.delete(id);
    if (old) {
      tellTimes(fresh);
      old.replaceWith(fresh);
    } else {
      arrive(fresh);
    }
    toggleEmpty();
  });
  events.addEventListener("closed", (message) => {
    const { id } = JSON.parse(message.data);
    closedMeanwhile.add(id);
    takeAway(cardOf(id));
    toggleEmpty();
  });
  events.addEventListener("counts", (message) => tellCounts(JSON.parse(message.data)));
  window.addEventListener("pagehide", () => events.close());
})();
