// What stands in Prefect's pages in English is said in Chinese; after an answer the page that says what happens next.
// Nothing of Prefect's is changed but words and where one goes next: what is not in these lists stays as it is.
(() => {
  const isOperator = document.currentScript.dataset.operator === "yes";
  // Prefect 3.9 sets its colours only where its drawing of a run comes up, which needs eval; without them forms are see-through.
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const colour = () => {
    document.documentElement.classList.toggle("dark", dark.matches);
    document.documentElement.classList.toggle("light", !dark.matches);
  };
  dark.addEventListener("change", colour);
  colour();
  // The list is ui_words.yaml of deployments/door/prefect.
  const { patterns: listed = [], ...lists } = window.doorWords ?? {};
  const texts = Object.assign({}, ...Object.values(lists));
  const patterns = listed.map(({ said, told }) => [new RegExp(said), told]);
  const told = (bare) => {
    if (Object.hasOwn(texts, bare)) return texts[bare];
    for (const [pattern, form] of patterns) {
      const found = pattern.exec(bare);
      if (found) return form.replace(/\$(t?)(\d)/g, (_, isOurs, place) => (isOurs ? told(found[place] ?? "") : found[place] ?? ""));
    }
    return bare;
  };
  const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
  const day = /\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* (\d{1,2})(?:st|nd|rd|th)(?:, (\d{4}))?(?: at)?/g;
  const hour = /\b(\d{1,2})(:\d\d(?::\d\d)?) ([AP])M\b/g;
  const inOurTime = (text) => text
    .replace(day, (_, month, date, year) => `${year ? `${year}年` : ""}${months.indexOf(month) + 1}月${date}日`)
    .replace(hour, (_, hours, rest, half) => `${String((hours % 12) + (half === "P" ? 12 : 0)).padStart(2, "0")}${rest}`);
  const said = (text) => {
    const bare = text.trim();
    return /[A-Za-z]/.test(bare) ? text.replace(bare, () => told(inOurTime(bare.replace(/\s+/g, " ")))) : text;
  };
  // What people wrote, and the lines of a log, stay as they are.
  const kept = "textarea, input, pre, code, .markdown-renderer, .log-row, .logs-container__row, script, style";
  const attributes = ["placeholder", "aria-label", "title"];
  const translateElement = (one) => {
    if (one.closest(kept) && !one.matches("input, textarea")) return;
    for (const name of attributes) {
      const given = one.getAttribute(name);
      if (given && said(given) !== given) one.setAttribute(name, said(given));
    }
  };
  const translate = (node) => {
    if (node.nodeType === Node.TEXT_NODE) {
      const inside = node.parentElement;
      // In a dialogue it leaves the dialogue; beside a run it ends the run.
      const isAct = node.data.trim() === "Cancel" && inside?.closest(".page-heading, .p-overflow-menu-item");
      const text = said(isAct ? "Cancel Flow Run" : node.data);
      if (text !== node.data && !inside?.closest(kept)) node.data = text;
      return;
    }
    if (node.nodeType !== Node.ELEMENT_NODE || (node.matches(kept) && !node.matches("input, textarea"))) return;
    translateElement(node);
    node.querySelectorAll(attributes.map((name) => `[${name}]`).join()).forEach(translateElement);
    const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) translate(walker.currentNode);
  };
  const shownTitle = () => {
    const ours = document.title.split(" • ").map((part) => said(part).replace(/^Prefect( Server)?$/, "信息披露")).join(" • ");
    if (ours !== document.title) document.title = ours;
  };

  // --- only an operator may cancel; a form that was asked for opens by itself
  let mustOpen = location.hash === "#answer";
  const buttons = (scope, name) => [...document.querySelectorAll(scope)].filter((one) => one.textContent.trim() === name);
  const hide = (one) => one.style.setProperty("display", "none", "important");
  const forOperators = ["部署", "工作池", "配置块", "变量", "自动化", "事件", "并发"];
  const tidy = () => {
    shownTitle();
    if (!isOperator) {
      buttons(".page-heading button, .p-overflow-menu-item", texts["Cancel Flow Run"]).forEach(hide);
      buttons(".p-overflow-menu-item", texts.Delete).forEach(hide);
      for (const name of forOperators) buttons(".p-context-nav-item, .p-context-sidebar a, .p-context-sidebar__item", name).forEach(hide);
    }
    if (!mustOpen) return;
    const resume = buttons(".page-heading button, .p-overflow-menu-item", texts.Resume)[0];
    if (resume) {
      mustOpen = false;
      resume.click();
      return;
    }
    // On a phone it is behind the dots, once the state is there.
    const dots = document.querySelector(".page-heading .flow-run-menu button");
    if (dots && innerWidth < 1024 && document.querySelector(".page-heading .state--paused") && !dots.dataset.pressed) {
      dots.dataset.pressed = "yes";
      setTimeout(() => dots.click(), 300);
    }
  };
  const begin = () => {
    translate(document.body);
    new MutationObserver((changes) => {
      for (const change of changes) {
        if (change.type === "characterData") translate(change.target);
        else if (change.type === "attributes") translateElement(change.target);
        else change.addedNodes.forEach(translate);
      }
      tidy();
    }).observe(document.body, { subtree: true, childList: true, characterData: true, attributeFilter: attributes });
    new MutationObserver(shownTitle).observe(document.head, { subtree: true, childList: true, characterData: true });
    tidy();
  };
  if (document.body) begin();
  else addEventListener("DOMContentLoaded", begin);

  // --- a drop-down opens wherever it is clicked: Prefect's opens and closes it at once when its middle is
  let wasOpen = false;
  const isOpen = () => document.querySelector(".p-select-option") !== null;
  addEventListener("mousedown", () => { wasOpen = isOpen(); }, true);
  addEventListener("click", (event) => {
    const box = event.isTrusted && !wasOpen && event.target.closest?.(".p-modal .p-select-button__control");
    if (box) setTimeout(() => { if (!isOpen()) box.dispatchEvent(new KeyboardEvent("keydown", { key: " ", code: "Space", bubbles: true })); }, 150);
  });

  // --- after an answer
  const tell = (html) => {
    let box = document.getElementById("door-told");
    if (!box) {
      box = document.body.appendChild(document.createElement("div"));
      box.id = "door-told";
      box.setAttribute("role", "alert");
    }
    box.innerHTML = html;
  };
  const { open } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.open = function (method, address, ...rest) {
    const asked = /\/flow_runs\/([0-9a-f-]{36})\/resume$/.exec(String(address));
    this.addEventListener("load", () => {
      if (this.status === 401) tell('登录已过期，填的都还在这一页。请<a href="/sign-in" target="_blank" rel="noopener">在新页面登录</a>，再回来换上新的一次性口令，提交。');
      else document.getElementById("door-told")?.remove();
      if (asked && method.toUpperCase() === "POST" && this.status === 201) location.assign(`/answered/run/${asked[1]}`);
    });
    return open.call(this, method, address, ...rest);
  };
})();
