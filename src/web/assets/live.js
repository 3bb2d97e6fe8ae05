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

  const events = new EventSource("/events/stream");
  events.addEventListener("open", () => show("Live", "on"));
  events.addEventListener("error", () => show("Connection lost, trying again", "off"));
  events.addEventListener("mention", (message) => {
    const { id, card, title } = JSON.parse(message.data);
    const template = document.createElement("template");
    template.innerHTML = card;
    const fresh = template.content.firstElementChild;
    if (!fresh) return;
    tellTimes(fresh);
    const old = cardOf(id);
    if (old) {
      old.replaceWith(fresh);
    } else {
      fresh.classList.add("arrived");
      put(fresh);
      if (announcer) announcer.textContent = title;
    }
    toggleEmpty();
  });
  events.addEventListener("closed", (message) => {
    const { id } = JSON.parse(message.data);
    const card = cardOf(id);
    // Whoever has the keyboard inside a card keeps it until the next load.
    if (card && !card.contains(document.activeElement)) card.remove();
    toggleEmpty();
  });
  events.addEventListener("counts", (message) => tellCounts(JSON.parse(message.data)));
  events.addEventListener("missed", () => show("Some alerts were missed: reload the page", "off"));
  window.addEventListener("pagehide", () => events.close());
})();
