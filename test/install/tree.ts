import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { OFFLINE } from '../../src/install/chart/capabilities.ts';
import type { FileTree } from '../../src/install/chart/chart.ts';
import type { Platform } from '../../src/install/chart/render.ts';

/** Every file below a directory. */
export const treeOf = (root: string): FileTree =>
  new Map(
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [relative(root, file), readFileSync(file, 'utf8')]),
  );

/** A machine without time and chance. */
export const STILL: Platform = {
  cluster: OFFLINE,
  now: () => 0,
  localZone: () => 'UTC',
  random: (count) => new Uint8Array(count),
};
