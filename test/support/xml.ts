/** An element with the names on the way to it: `testsuites/testsuite`. */
interface XmlElement {
  readonly path: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly text: string;
}

/** A reader of the XML that the formats write: elements in order with decoded attributes; throws where it is not well-formed. */
export const readXml = (text: string): readonly XmlElement[] => {
  const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  const decode = (value: string): string =>
    value.replace(/&(?:#(\d+)|(\w+));/g, (_, number: string | undefined, name: string) =>
      number === undefined ? (entities[name] ?? `?${name}?`) : String.fromCharCode(Number(number)),
    );
  if (!text.startsWith('<?xml version="1.0" encoding="UTF-8"?>\n')) throw new Error('the XML declaration is missing');
  const open: string[] = [];
  const elements: { path: string; attributes: ReadonlyMap<string, string>; text: string }[] = [];
  const TOKEN = /<(\/?)([\w-]+)((?: [\w-]+="[^"<]*")*)(\/?)>|([^<>]+)/y;
  TOKEN.lastIndex = text.indexOf('\n') + 1;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) throw new Error(`not well-formed at ${text.slice(at, at + 60)}`);
    const [, closing, name = '', attributes = '', empty, characters] = match;
    if (characters !== undefined) {
      const last = elements.at(-1);
      if (last !== undefined) last.text += decode(characters);
    } else if (closing === '/') {
      if (open.pop() !== name) throw new Error(`</${name}> closes nothing`);
    } else {
      const pairs = [...attributes.matchAll(/ ([\w-]+)="([^"]*)"/g)];
      elements.push({
        path: [...open, name].join('/'),
        attributes: new Map(pairs.map(([, key = '', value = '']) => [key, decode(value)])),
        text: '',
      });
      if (empty !== '/') open.push(name);
    }
  }
  if (open.length > 0) throw new Error(`<${open.join('><')}> is not closed`);
  return elements;
};
