// A form is sent only while its person is signed in; otherwise all that is written stays on the page, with a word on it.
(() => {
  const over = document.querySelector("#session-over");
  const person = document.body.dataset.visitor;
  for (const form of document.querySelectorAll("main form[method=post]:not(.drafts)")) {
    if (!over || !form.elements.form_token) continue;
    let isKnown = false;
    let isAsking = false;
    form.addEventListener("submit", async (event) => {
      if (isKnown) return;
      event.preventDefault();
      if (isAsking) return;
      isAsking = true;
      const button = event.submitter;
      let found = null;
      try {
        const answer = await fetch("/form-token", { headers: { Accept: "application/json" }, redirect: "manual" });
        found = answer.ok ? await answer.json() : { name: "" };
      } catch { /* no way to the server: the browser says so itself when the form is sent */ }
      isAsking = false;
      if (found && found.name !== person) {
        form.querySelector(".session-over")?.remove();
        const told = over.content.firstElementChild.cloneNode(true);
        form.append(told);
        told.scrollIntoView({ block: "nearest" });
        return;
      }
      if (found) form.elements.form_token.value = found.form_token;
      isKnown = true;
      form.requestSubmit(button);
      isKnown = false;
    });
  }
})();
