// A workbook of one sheet, made in the browser: ``rows`` of texts, the column ``numeric`` holds numbers with their decimals.
const workbookOf = (() => {
  "use strict";
  const places = text => (text.split(".")[1] ?? "").length;
  // A ZIP of files that are stored as they are.
  const checks = Uint32Array.from({ length: 256 }, (_, byte) => { for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? 0xedb88320 ^ byte >>> 1 : byte >>> 1; return byte >>> 0; });
  const zip = files => {
    const encoder = new TextEncoder(), whole = [], listed = [];
    let offset = 0, listing = 0;
    for (const [name, text] of Object.entries(files)) {
      const path = encoder.encode(name), content = encoder.encode(text);
      const check = (content.reduce((sum, byte) => checks[(sum ^ byte) & 255] ^ sum >>> 8, 0xffffffff) ^ 0xffffffff) >>> 0;
      const about = [20, 0x800, 0, 0, 0x21], sizes = [check, content.length, content.length];
      const pack = (mark, shorts, more) => {
        const bytes = new DataView(new ArrayBuffer(4 + 2 * shorts.length + 12 + more.length * 2));
        bytes.setUint32(0, mark, true);
        shorts.forEach((value, place) => bytes.setUint16(4 + 2 * place, value, true));
        sizes.forEach((value, place) => bytes.setUint32(4 + 2 * shorts.length + 4 * place, value, true));
        more.forEach((value, place) => bytes.setUint16(16 + 2 * shorts.length + 2 * place, value, true));
        return new Uint8Array(bytes.buffer);
      };
      const local = pack(0x04034b50, about, [path.length, 0]);
      const central = pack(0x02014b50, [20, ...about], [path.length, 0, 0, 0, 0, 0, 0, offset & 0xffff, offset >>> 16]);
      whole.push(local, path, content);
      listed.push(central, path);
      offset += local.length + path.length + content.length;
      listing += central.length + path.length;
    }
    const end = new DataView(new ArrayBuffer(22)), count = Object.keys(files).length;
    end.setUint32(0, 0x06054b50, true);
    end.setUint16(8, count, true);
    end.setUint16(10, count, true);
    end.setUint32(12, listing, true);
    end.setUint32(16, offset, true);
    return new Blob([...whole, ...listed, end.buffer], { type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" });
  };
  const end = name => "</" + name + ">";
  const xml = text => text.replace(/[&<>"]/g, letter => `&#${letter.charCodeAt(0)};`);
  const workbookOf = (title, rows, numeric) => {
    const main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main", kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>', packaged = "http://schemas.openxmlformats.org/package/2006";
    const formats = [...Array(7).keys()].map(decimals => `<numFmt numFmtId="${164 + decimals}" formatCode="#,##0${decimals ? "." + "0".repeat(decimals) : ""}"/>`);
    const sheet = rows.map((row, line) => "<row>" + row.map((text, place) => line && place === numeric && text
      ? `<c s="${1 + Math.min(6, places(text))}"><v>${text}</v></c>` : `<c t="inlineStr"><is><t>${xml(text)}</t></is></c>`).join("") + "</row>").join("");
    return zip({
      "[Content_Types].xml": `${head}<Types xmlns="${packaged}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/book.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/><Override PartName="/xl/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`,
      "_rels/.rels": `${head}<Relationships xmlns="${packaged}/relationships"><Relationship Id="r1" Type="${kinds}/officeDocument" Target="xl/book.xml"/></Relationships>`,
      "xl/book.xml": `${head}<workbook xmlns="${main}" xmlns:r="${kinds}"><sheets><sheet name="${xml(title)}" sheetId="1" r:id="r1"/></sheets>${end("workbook")}`,
      "xl/_rels/book.xml.rels": `${head}<Relationships xmlns="${packaged}/relationships"><Relationship Id="r1" Type="${kinds}/worksheet" Target="sheet1.xml"/><Relationship Id="r2" Type="${kinds}/styles" Target="styles.xml"/></Relationships>`,
      "xl/styles.xml": `${head}<styleSheet xmlns="${main}"><numFmts count="7">${formats.join("")}</numFmts><fonts count="1"><font><sz val="11"/><name val="宋体"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="8"><xf/>${formats.map((_, place) => `<xf numFmtId="${164 + place}" applyNumberFormat="1"/>`).join("")}</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`,
      "xl/sheet1.xml": `${head}<worksheet xmlns="${main}"><cols><col min="1" max="11" width="18" customWidth="1"/></cols><sheetData>${sheet}</sheetData>${end("worksheet")}`,
    });
  };
  return workbookOf;
})();
