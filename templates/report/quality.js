// Conveniences only: the page is read, filtered and printed without this.
(() => {
  const all = () => document.querySelectorAll("details");
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...all()].filter(one => !one.open);
    closed.forEach(one => { one.open = true; });
  });
  addEventListener("afterprint", () => closed.forEach(one => { one.open = false; }));
  // A link to a finding unfolds it and takes away a filter that would hide it.
  const show = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (!target) return;
    for (let one = target.closest("details"); one; one = one.parentElement.closest("details")) one.open = true;
    if (target.closest(".group") && !target.offsetParent) {
      document.querySelectorAll(".filter input[value=all]").forEach(one => { one.checked = true; });
    }
    target.scrollIntoView();
  };
  // On a phone everything unfolded is forty screens: only the first cause stays so.
  if (matchMedia("(max-width: 760px)").matches) {
    const first = document.querySelector(".group");
    all().forEach(one => { one.open = one.open && one.closest(".group") === first && first !== null; });
  }
  addEventListener("hashchange", show);
  show();
})();
