import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadInput } from '../../src/analysis/input.ts';
import { indexPods } from '../../src/analysis/lookup/pods.ts';
import type { Pod } from '../../src/model/pod.ts';
import { matchesLabels } from '../../src/model/selector.ts';

const labels = fc.dictionary(fc.constantFrom('app', 'version', 'tier'), fc.constantFrom('a', 'b'));
const namespace = fc.constantFrom('web', 'shop');
const places = fc.array(fc.record({ labels, namespace }), { maxLength: 8 });

const podsAt = async (all: readonly object[]): Promise<readonly Pod[]> => {
  const objects = all.map((metadata, at) =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...metadata, name: `pod-${at}` },
      spec: { containers: [{ name: 'app', image: 'app' }] },
    }),
  );
  return (await loadInput([{ name: 'pods.yaml', text: objects.join('\n---\n') }])).input.pods;
};

describe('an index of pods', () => {
  it('selects what a search of all pods selects', async () => {
    await fc.assert(
      fc.asyncProperty(places, labels, fc.option(namespace, { nil: undefined }), async (all, wanted, within) => {
        const pods = await podsAt(all);
        expect(pods).toHaveLength(all.length);
        const index = indexPods(pods);
        const selected = pods.filter(
          (pod) => (within === undefined || pod.namespace === within) && matchesLabels(wanted, pod.labels),
        );
        expect(index.select(wanted, within)).toEqual(selected);
        expect(index.selectsAny(wanted, within)).toBe(selected.length > 0);
      }),
    );
  });

  it('is built once for a list', async () => {
    const pods = await podsAt([{ namespace: 'web' }]);
    expect(indexPods(pods)).toBe(indexPods(pods));
    expect(indexPods([...pods])).not.toBe(indexPods(pods));
  });
});
