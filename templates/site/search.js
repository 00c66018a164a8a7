(() => {
  "use strict";
  const field = document.getElementById("q"), said = document.getElementById("found");
  const results = document.getElementById("results"), everything = document.getElementById("everything");
  const most = 60;
  let loading, turn = 0;

  const plain = text => text.normalize("NFKC").toLowerCase();
  // Chinese leaves no spaces: its runs of letters are words, and so is what stands between them.
  const split = asked => plain(asked).match(/\p{Script=Han}+|[^\s\p{Script=Han}]+/gu) ?? [];
  const pairs = word => [...word.slice(1)].map((letter, i) => word[i] + letter);
  // A word counts in full; a longer Chinese one also when most pairs of its letters are there.
  const weight = (word, entry) => {
    // What people call it says more than a word of its title.
    if (entry.names.includes(word)) return 5;
    if (entry.title.includes(word)) return 4;
    if (entry.text.includes(word)) return 3;
    if (word.length < 3 || !/\p{Script=Han}/u.test(word)) return 0;
    const all = pairs(word), share = all.filter(pair => entry.text.includes(pair)).length / all.length;
    return share >= .6 ? share : 0;
  };
  const load = () => loading ??= fetch(said.dataset.index).then(answer => {
    if (!answer.ok) throw new Error(answer.statusText);
    return answer.json();
  }).then(index => index.entries.map(([title, address, more, words]) =>
    ({ shown: title, address, more, title: plain(title), text: plain([title, more, words].join(" ")),
      names: plain(words).split(" ") })));

  // Whoever asks of a year is led to the figure of that year, where there is one: its cell is named by its period.
  const address = (entry, year) => entry.names.includes(year + "年度")
    ? entry.address.replace(/(#.*\/)[^/]*$/, "$1" + year + "-annual") : entry.address;

  const show = (entries, year) => {
    results.replaceChildren(...entries.map(entry => {
      const item = document.createElement("li"), link = document.createElement("a"), more = document.createElement("small");
      const leadsTo = address(entry, year);
      link.href = leadsTo;
      link.textContent = entry.shown;
      more.textContent = leadsTo === entry.address ? entry.more
        : said.dataset.year.replace("{year}", year).replace("{latest}", entry.more);
      item.append(link, more);
      return item;
    }));
    results.hidden = !entries.length;
  };

  const find = async () => {
    const mine = ++turn;
    const words = split(field.value);
    everything.hidden = words.length > 0;
    if (!words.length) { show([]); said.textContent = ""; return; }
    let entries;
    try {
      entries = await load();
    } catch {
      if (mine !== turn) return;
      everything.hidden = false;
      said.textContent = said.dataset.failed;
      return;
    }
    if (mine !== turn) return;
    const found = entries.map((entry, place) => {
      const weights = words.map(word => weight(word, entry));
      return { entry, place, weight: weights.includes(0) ? 0 : weights.reduce((sum, each) => sum + each) };
    }).filter(each => each.weight).sort((a, b) => b.weight - a.weight || a.place - b.place);
    show(found.slice(0, most).map(each => each.entry), words.find(word => /^\d{4}$/.test(word)));
    const kind = !found.length ? "none" : found.length > most ? "many" : "some";
    said.textContent = said.dataset[kind].replace("{count}", found.length).replace("{shown}", most);
  };

  field.value = new URLSearchParams(location.search).get("q") ?? "";
  field.addEventListener("input", find);
  field.form.addEventListener("submit", event => {
    event.preventDefault();
    history.replaceState(null, "", field.value ? "?q=" + encodeURIComponent(field.value) : location.pathname);
    find();
  });
  find();
})();
