(() => {
  const form = document.querySelector("form.filter");
  const status = document.getElementById("shown");
  const rows = [...document.querySelectorAll("tr[data-item]")];
  // A cell that stands for several rows moves to the first of them that is shown.
  const merged = [...document.querySelectorAll("tr[data-item] [rowspan]")].map((cell) => {
    const first = rows.indexOf(cell.parentElement);
    return { cell, column: Number(cell.dataset.c), covered: rows.slice(first, first + cell.rowSpan) };
  });
  const apply = () => {
    const wanted = [...new FormData(form)].filter(([, value]) => value);
    for (const row of rows) {
      row.hidden = !wanted.every(([name, value]) => row.dataset[name].split(" ").includes(value));
    }
    for (const { cell, column, covered } of merged) {
      const shown = covered.filter((row) => !row.hidden);
      if (!shown.length) continue;
      cell.rowSpan = shown.length;
      const next = [...shown[0].children].find((other) => other !== cell && Number(other.dataset.c) > column);
      shown[0].insertBefore(cell, next ?? null);
    }
    const count = rows.filter((row) => !row.hidden).length;
    status.textContent = count
      ? status.dataset.some.replace("{shown}", count).replace("{all}", rows.length)
      : status.dataset.none;
  };
  form.addEventListener("change", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  // Also when the reader comes back from an item: the browser then keeps what was chosen.
  addEventListener("pageshow", apply);
  form.hidden = false;
})();
