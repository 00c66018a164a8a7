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
  const words = {
    "Dashboard": "概览", "Runs": "运行", "Flows": "流程", "Deployments": "部署", "Work Pools": "工作池", "Blocks": "配置块",
    "Variables": "变量", "Automations": "自动化", "Event Feed": "事件", "Concurrency": "并发", "Settings": "设置",
    "Flow": "流程", "Deployment": "部署", "Resume": "答复", "Cancel": "取消运行", "Resume Flow Run": "答复", "Submit": "提交",
    "Close": "关闭", "Cancel Flow Run": "取消运行", "Confirm": "确定", "Retry": "重试", "Delete": "删除", "Copy ID": "复制编号",
    "Logs": "记录", "Task Runs": "步骤", "Subflow Runs": "子流程", "Artifacts": "材料", "Details": "详情", "Parameters": "参数",
    "Job Variables": "环境", "Flow runs": "各次运行", "Task runs": "各个步骤", "Flow Runs": "各次运行",
    "Suspended": "等答复", "Paused": "等答复", "Scheduled": "已排定", "Late": "已延误", "Running": "在办", "Pending": "待启动",
    "Completed": "已办完", "Failed": "失败", "Crashed": "中断", "Cancelled": "已取消", "Cancelling": "正在取消",
    "Retrying": "正在重试", "AwaitingRetry": "等待重试", "Resuming": "正在继续", "TimedOut": "超时",
    "Date Range": "时间", "States": "状态", "Tags": "标签", "Past week (default)": "过去一周", "All run states": "全部状态",
    "All flows": "全部流程", "All deployments": "全部部署", "All pools": "全部工作池", "All tags": "全部标签",
    "All except scheduled": "已排定的除外", "Past 7 days": "过去 7 天", "Past 1 day": "过去 1 天", "Past 30 days": "过去 30 天",
    "Hide subflows": "不看子流程", "Newest to oldest": "新的在前", "Oldest to newest": "旧的在前", "Level: all": "全部级别",
    "Created": "创建于", "Last Updated": "更新于", "Run Count": "运行次数", "Flow Run ID": "运行编号", "State Message": "状态说明",
    "Start Time": "开始", "Upcoming": "将来", "Loading...": "正在打开…", "Validation failed": "有没填好的，请看红字",
    "Flow run resumed": "已提交", "Failed to resume flow run": "没有提交成功", "No results": "没有", "Oops. Something went wrong.": "没有办成",
    "Please check your connection and try again.": "请检查网络，再试一次。", "No items selected": "还没有选", "Search": "查找",
  };
  const parts = [
    [/^(\d+) Task runs?$/, "$1 个步骤"], [/^(\d+) runs?$/, "$1 次运行"], [/^(\d+) Parameters?$/, "$1 个参数"],
    [/^Page (\d+) of (\d+)$/, "第 $1 页，共 $2 页"],
  ];
  const said = (text) => {
    const bare = text.trim();
    if (!bare || !/[A-Za-z]/.test(bare)) return text;
    if (Object.hasOwn(words, bare)) return text.replace(bare, words[bare]);
    const part = parts.find(([pattern]) => pattern.test(bare));
    return part ? text.replace(bare, bare.replace(...part)) : text;
  };
  // What people wrote, and the lines of a log, stay as they are.
  const kept = "textarea, input, pre, code, .markdown-renderer, .log-row, .logs-container__row, script, style";
  const translate = (node) => {
    if (node.nodeType === Node.TEXT_NODE) {
      const text = said(node.data);
      if (text !== node.data && !node.parentElement?.closest(kept)) node.data = text;
      return;
    }
    if (node.nodeType !== Node.ELEMENT_NODE || node.matches(kept)) return;
    const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) translate(walker.currentNode);
    for (const box of node.querySelectorAll("[placeholder='Search by flow run name']")) box.placeholder = "按名称查找";
  };
  const shownTitle = () => { if (/Prefect/.test(document.title)) document.title = document.title.replace(/Prefect Server|Prefect/g, "流程"); };

  // --- only an operator may cancel; a form that was asked for opens by itself
  let mustOpen = location.hash === "#answer";
  const buttons = (scope, name) => [...document.querySelectorAll(scope)].filter((one) => one.textContent.trim() === name);
  const hide = (one) => one.style.setProperty("display", "none", "important");
  const forOperators = ["部署", "工作池", "配置块", "变量", "自动化", "事件", "并发"];
  const tidy = () => {
    shownTitle();
    if (!isOperator) {
      buttons(".page-heading button, .p-overflow-menu-item", words.Cancel).forEach(hide);
      buttons(".p-overflow-menu-item", words.Delete).forEach(hide);
      for (const name of forOperators) buttons(".p-context-nav-item, .p-context-sidebar a, .p-context-sidebar__item", name).forEach(hide);
    }
    if (!mustOpen) return;
    const resume = buttons(".page-heading button, .p-overflow-menu-item", words.Resume)[0];
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
        else change.addedNodes.forEach(translate);
      }
      tidy();
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
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
