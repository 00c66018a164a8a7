// What is being written is saved two seconds after the last key; without this the button does it.
(() => {
  const form = document.querySelector("form.drafts");
  const told = form && form.querySelector("[role=status]");
  if (!told) return;
  let waiting = 0;
  const save = async () => {
    waiting = 0;
    let ok = false;
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual" });
      // The page that says it was saved is not fetched; the way to the sign-in page looks alike but has another status.
      ok = answer.type === "opaqueredirect";
    } catch { /* said below */ }
    told.textContent = ok ? "已自动保存" : "没有保存：请检查网络，或重新登录后再写。写好的请先复制下来。";
  };
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    told.textContent = "正在写…";
    waiting = setTimeout(save, 2000);
  });
  // What the button sends is not saved once more behind it.
  form.addEventListener("submit", () => {
    clearTimeout(waiting);
    waiting = 0;
  });
  addEventListener("pagehide", () => {
    if (waiting) navigator.sendBeacon(form.action, new URLSearchParams(new FormData(form)));
  });
})();
