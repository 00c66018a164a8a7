(() => {
  "use strict";
  const by = id => document.getElementById(id);
  const words = by("words").dataset, trusted = JSON.parse(by("keys").textContent).keys;
  const MANIFEST = "manifest.json", SIGNATURE = "manifest.jws", KEYS = "keys.json", KEYS_SIGNATURE = "keys.jws";
  const say = (name, values = {}) => words[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
  const base = path => path.slice(path.lastIndexOf("/") + 1);
  const utf8 = text => new TextEncoder().encode(text);
  const time = seconds => new Date(seconds * 1000).toLocaleString("zh-CN", { timeZone: "Asia/Shanghai" });

  const encode = bytes => {
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  };
  const decode = text => {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), letter => letter.charCodeAt(0));
    // A lenient reader takes several texts for the same bytes: only the one that was written counts.
    if (encode(bytes) !== text) throw new Error("not canonical");
    return bytes;
  };
  const hex = bytes => [...new Uint8Array(bytes)].map(byte => byte.toString(16).padStart(2, "0")).join("");
  const unhex = text => Uint8Array.from(text.match(/../g) ?? [], pair => parseInt(pair, 16));
  const holds = async (key, signature, content) => {
    const made = await crypto.subtle.importKey("jwk", { kty: "OKP", crv: "Ed25519", x: key.x }, "Ed25519", false, ["verify"]);
    return crypto.subtle.verify("Ed25519", made, signature, content);
  };

  // What is wrong with a detached JWS over content, as the name of a sentence; or whose it is.
  const examine = async (jws, content) => {
    let head, middle, tail, header, signature;
    try {
      const parts = new TextDecoder("ascii", { fatal: true }).decode(jws).split(".");
      [head, middle, tail] = parts;
      header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(decode(head)));
      signature = decode(tail);
      if (parts.length !== 3 || middle || header.alg !== "EdDSA" || signature.length !== 64) return { wrong: "broken" };
    } catch {
      return { wrong: "broken" };
    }
    const key = trusted.find(each => each.kid === header.kid && each.purpose === "publication");
    if (!key) return { wrong: "unknown" };
    if (!await holds(key, signature, utf8(head + "." + encode(content)))) return { wrong: "forged" };
    if (header.iat < key.nbf || (key.exp !== undefined && header.iat > key.exp)) return { wrong: "outdated" };
    return { kid: key.kid, at: time(header.iat) };
  };

  // Files are path -> () => bytes (null: there is none); some come from where nothing can be listed.
  const readAt = async (files, path) => (files.has(path) ? files.get(path)() : null);

  const checkKeys = async (files, rows) => {
    for (const path of files.keys()) {
      if (base(path) !== KEYS) continue;
      const content = await readAt(files, path);
      const jws = await readAt(files, path.replace(/keys\.json$/, KEYS_SIGNATURE));
      if (!content) continue;
      if (!jws) { rows.push([path, "missing", KEYS_SIGNATURE]); continue; }
      const seen = await examine(jws, content);
      let same = false;
      try {
        same = JSON.stringify(JSON.parse(new TextDecoder().decode(content)).keys) === JSON.stringify(trusted);
      } catch { same = false; }
      rows.push([path, seen.wrong ?? (same ? "listed" : "foreign")]);
    }
    for (const path of files.keys()) {
      if (base(path) === KEYS_SIGNATURE && !files.has(path.replace(/keys\.jws$/, KEYS))) rows.push([path, "surplus"]);
    }
  };

  const checkLedger = async (manifest, rows) => {
    const told = manifest.ledger;
    if (!told || !told.length) return;
    const key = trusted.find(each => each.kid === told.key && each.purpose === "ledger");
    const said = utf8(`[${told.length}, ${JSON.stringify(told.head_hash)}, ${JSON.stringify(told.at)}]`);
    const right = key && await holds(key, unhex(told.signature), said);
    rows.push([say("ledger"), right ? "ledgered" : "forged", { length: told.length, head: told.head_hash }]);
  };

  const sum = async content => hex(await crypto.subtle.digest("SHA-256", content));

  // The rows of one release: [path, name of the sentence, its values].
  const checkRelease = async (files, folder, isListed) => {
    const rows = [], content = await readAt(files, folder + MANIFEST), jws = await readAt(files, folder + SIGNATURE);
    if (!content) rows.push([MANIFEST, "missing"]);
    if (!jws) rows.push([SIGNATURE, "missing"]);
    if (rows.length) return { title: folder, rows };
    const seen = await examine(jws, content);
    if (seen.wrong) return { title: folder, rows: [[MANIFEST, seen.wrong]] };
    rows.push([MANIFEST, "signed", seen]);
    let manifest;
    try {
      manifest = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(content));
    } catch {
      return { title: folder, rows: [[MANIFEST, "unreadable"]] };
    }
    await checkLedger(manifest, rows);
    const listed = Object.keys(manifest.files), own = new Set([MANIFEST, SIGNATURE, KEYS, KEYS_SIGNATURE]);
    const given = [...files.keys()].filter(path => path.startsWith(folder));
    // Files dropped one by one have lost their folders: they are known by their names.
    const isLoose = isListed && folder === "" && given.every(path => !path.includes("/"));
    const met = new Set();
    if (isLoose) {
      for (const path of given) {
        if (own.has(path)) continue;
        const meant = listed.filter(each => base(each) === path);
        const found = await sum(await readAt(files, path));
        const right = meant.filter(each => manifest.files[each] === found);
        for (const each of right.length ? right : meant) met.add(each);
        rows.push([path, !meant.length ? "surplus" : right.length ? "same" : "altered"]);
      }
      for (const path of listed) if (!met.has(path)) rows.push([path, "left"]);
      return { title: manifest.release.title, rows };
    }
    for (const path of listed) {
      const found = isListed ? await readAt(files, folder + path) : await fetched(folder + path);
      rows.push([path, !found ? "missing" : await sum(found) === manifest.files[path] ? "same" : "altered"]);
    }
    for (const path of given) {
      const name = path.slice(folder.length);
      const isKeys = own.has(base(name)) && (base(name) === name || /^keys\//.test(name));
      if (!isKeys && !listed.includes(name)) rows.push([name, "surplus"]);
    }
    return { title: `${manifest.release.title}　${folder}`, rows };
  };

  const RIGHT = new Set(["same", "signed", "listed", "ledgered"]);
  const cell = (name, text, scope) => {
    const made = document.createElement(name);
    made.textContent = text;
    made.className = "t";
    if (scope) made.scope = scope;
    return made;
  };
  const table = ({ title, rows }) => {
    const made = document.createElement("table"), head = made.createTHead().insertRow(), body = made.createTBody();
    made.createCaption().textContent = title;
    head.append(cell("th", words.file, "col"), cell("th", words.result, "col"));
    const isRight = name => name === "left" || RIGHT.has(name);
    for (const [path, name, values] of rows.sort((a, b) => isRight(a[1]) - isRight(b[1]))) {
      const row = body.insertRow(), mark = name === "left" ? "–" : RIGHT.has(name) ? "✓" : "✗";
      row.dataset.verdict = name;
      row.append(cell("th", path, "row"), cell("td", `${mark} ${say(name, values)}`));
    }
    return made;
  };
  const tell = (kind, text) => {
    by("verdict").textContent = text;
    by("verdict").dataset.kind = kind;
  };
  const show = parts => {
    const rows = parts.flatMap(part => part.rows), count = wanted => rows.filter(row => wanted(row[1])).length;
    const left = count(name => name === "left"), wrong = count(name => name !== "left" && !RIGHT.has(name));
    by("results").replaceChildren(...parts.filter(part => part.rows.length).map(table));
    const same = count(name => name === "same");
    if (wrong) tell("wrong", say("wrong", { count: wrong }));
    else tell("right", say(left ? "partly" : "right", { count: same, left }));
  };

  const check = async (files, isListed) => {
    tell("working", words.working);
    by("results").replaceChildren();
    try {
      if (!globalThis.crypto?.subtle) return tell("wrong", say("unable", { why: "WebCrypto" }));
      const folders = new Set([...files.keys()].filter(path => [MANIFEST, SIGNATURE].includes(base(path)))
        .map(path => path.slice(0, path.lastIndexOf("/") + 1)));
      if (!folders.size) return tell("wrong", words.nothing);
      const parts = [], rows = [];
      await checkKeys(files, rows);
      for (const folder of [...folders].sort()) parts.push(await checkRelease(files, folder, isListed));
      show([...parts, { title: words.keys, rows }]);
    } catch (error) {
      const kind = error.name === "NotSupportedError" ? "unable" : "failed";
      tell("wrong", say(kind, { why: error.message }));
    }
  };

  // Files of this computer
  const bytes = async file => new Uint8Array(await file.arrayBuffer());
  const offline = files => check(new Map(files.map(([path, file]) => [path, () => bytes(file)])), true);
  const walk = async entry => {
    if (entry.isFile) {
      return [[entry.fullPath.replace(/^\//, ""), await new Promise((done, fail) => entry.file(done, fail))]];
    }
    const reader = entry.createReader(), found = [];
    for (;;) {
      const some = await new Promise((done, fail) => reader.readEntries(done, fail));
      if (!some.length) return found;
      for (const each of some) found.push(...await walk(each));
    }
  };
  // No attribute of HTML's, and known to every browser.
  by("folder").webkitdirectory = true;
  for (const input of [by("files"), by("folder")]) {
    input.addEventListener("change", () => {
      if (input.files.length) offline([...input.files].map(file => [file.webkitRelativePath || file.name, file]));
    });
  }
  const drop = by("drop");
  drop.addEventListener("dragover", event => { event.preventDefault(); drop.classList.add("over"); });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", async event => {
    event.preventDefault();
    drop.classList.remove("over");
    const entries = [...event.dataTransfer.items].map(item => item.webkitGetAsEntry()).filter(Boolean);
    const found = (await Promise.all(entries.map(walk))).flat();
    if (found.length) offline(found);
  });

  // Releases of the site this page stands on
  const fetched = async path => {
    const answer = await fetch(path.split("/").map(encodeURIComponent).join("/"), { cache: "no-store" });
    if (answer.status === 404 || answer.status === 410) return null;
    if (!answer.ok) throw new Error(`${path} ${answer.status}`);
    return new Uint8Array(await answer.arrayBuffer());
  };
  const online = async () => {
    const content = await fetched("releases.json");
    if (!content) return;
    const listed = JSON.parse(new TextDecoder().decode(content)).releases.flatMap(each => [each, ...each.earlier_versions]);
    by("release").append(...listed.map(each => new Option(`${each.title}（第${each.version}版）`, each.path)));
    by("online").hidden = !listed.length;
    by("online").querySelector("form").addEventListener("submit", event => {
      event.preventDefault();
      const folder = by("release").value, paths = [folder + MANIFEST, folder + SIGNATURE, "keys/" + KEYS, "keys/" + KEYS_SIGNATURE];
      check(new Map(paths.map(path => [path, () => fetched(path)])), false);
    });
  };
  if (location.protocol !== "file:") online().catch(() => {});
})();
