import { EVENT_ID, type Event, parseEvents, YAMLException } from 'js-yaml';
import { maskAdjacentColons } from './mask.ts';
import { NOWHERE, scalarEnd, scalarStart } from './scalar-span.ts';
import type { SourceText } from './source-text.ts';
import { splitDocuments } from './split.ts';
import type { Range } from './text-edit.ts';

interface Anchored {
  readonly start: number;
  end: number;
  isShared: boolean;
}

/** Every anchored node of one document's events; the ends of containers are those of what stands in them. */
const anchoredNodes = (text: string, events: readonly Event[]): readonly Anchored[] => {
  const nodes: Anchored[] = [];
  const byName = new Map<string, Anchored>();
  const open: (Anchored | undefined)[] = [];
  let cursor = 0;
  const anchor = (start: number, end: number): Anchored | undefined => {
    if (start === NOWHERE) return undefined;
    const node = { start: start - 1, end, isShared: false };
    nodes.push(node);
    byName.set(text.slice(start, end), node);
    return node;
  };
  for (const event of events) {
    switch (event.type) {
      case EVENT_ID.POP: {
        const node = open.pop();
        if (node !== undefined) node.end = cursor;
        break;
      }
      case EVENT_ID.DOCUMENT:
        open.push(undefined);
        break;
      case EVENT_ID.ALIAS: {
        const node = byName.get(text.slice(event.anchorStart, event.anchorEnd));
        if (node !== undefined) node.isShared = true;
        cursor = event.anchorEnd;
        break;
      }
      case EVENT_ID.SCALAR: {
        const node = anchor(event.anchorStart, event.anchorEnd);
        cursor = Math.max(cursor, scalarEnd(text, event, scalarStart(text, event, cursor)));
        if (node !== undefined) node.end = cursor;
        break;
      }
      default:
        open.push(anchor(event.anchorStart, event.anchorEnd));
        cursor = event.start;
    }
  }
  return nodes;
};

/**
 * The stretches of text that an alias elsewhere in the same document repeats: who edits them changes several places. Of
 * a document that cannot be followed it is the whole.
 */
export const sharedRanges = ({ text }: SourceText): readonly Range[] => {
  if (!text.includes('&') || !text.includes('*')) return [];
  return splitDocuments(text).flatMap(({ start, end }) => {
    const document = text.slice(start, end);
    try {
      return anchoredNodes(document, parseEvents(maskAdjacentColons(document), {}))
        .filter((node) => node.isShared)
        .map((node) => ({ start: start + node.start, end: start + node.end }));
    } catch (error) {
      if (!(error instanceof YAMLException)) throw error;
      return /&[\w-]/.test(document) && /\*[\w-]/.test(document) ? [{ start, end }] : [];
    }
  });
};
