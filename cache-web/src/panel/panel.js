// Puts new requests on top of the list, every two seconds while the page is looked at. Text is only ever set
// as text.
"use strict";
(() => {
  const list = document.getElementById("requests");
  if (!list) return;
  const most = 100;
  const api = location.pathname.replace(/\/+$/, "") + "/api/requests?after=";
  let last = Number(list.dataset.last);

  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const time = (ms) => {
    const [value, unit] =
      ms < 0.001 ? [ms * 1e6, "ns"] : ms < 1 ? [ms * 1e3, "µs"] : ms < 1e3 ? [ms, "ms"] : [ms / 1e3, "s"];
    const digits = unit === "ns" || value >= 100 ? 0 : value < 10 ? 2 : 1;
    return value.toFixed(digits) + " " + unit;
  };
  const event = (of) => {
    const item = make("li", "depth" + Math.min(of.depth, 4));
    item.append(make("span", of.outcome, of.outcome), " " + of.kind + " ", make("b", "", of.name), " ");
    item.append(make("span", "number", time(of.took_ms)));
    if (of.store_failed) item.append(" ", make("span", "bad", "store failed"));
    if (of.key) {
      const link = make("a", "key", of.key);
      link.href = "?cache=" + encodeURIComponent(of.cache ?? "default") + "&key=" + encodeURIComponent(of.key);
      item.append(" ", link);
    }
    return item;
  };
  const request = (of) => {
    const details = make("details");
    const summary = make("summary");
    const clock = new Date(of.at_ms).toISOString().slice(11, 19) + " UTC";
    for (const part of [
      make("span", "method", of.method),
      make("span", "path", of.path),
      make("span", "status", of.status),
      make("span", "number", time(of.took_ms)),
      make("span", "good", of.hits + (of.hits === 1 ? " hit" : " hits")),
      make("span", "miss", of.misses + (of.misses === 1 ? " miss" : " misses")),
      make("time", "", clock),
    ]) summary.append(part, " ");
    const events = make("ul");
    events.append(...of.events.map(event));
    details.append(summary, events);
    if (of.left_out) details.append(make("p", "", "and " + of.left_out + " more"));
    return details;
  };
  const poll = async () => {
    if (document.hidden) return;
    const response = await fetch(api + last, { cache: "no-store" });
    if (!response.ok) return;
    const news = await response.json();
    // The program was started anew: its numbers begin again.
    if (news.last < last) {
      last = 0;
      return;
    }
    last = news.last;
    for (const entry of news.requests) list.prepend(request(entry));
    if (news.requests.length) document.getElementById("none")?.remove();
    while (list.childElementCount > most) list.lastElementChild.remove();
  };
  const again = () => poll().catch(() => {}).then(() => setTimeout(again, 2000));
  setTimeout(again, 2000);
})();
