/** Labels of an object. */
type Labels = Readonly<Record<string, string>>;

/** A Kubernetes label selector as decoded; Istio's workload selectors are the `matchLabels` half of it. */
export interface Selector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

/** Whether every wanted label is there with that value; no wanted labels match everything. */
export const matchesLabels = (wanted: Labels, labels: Labels): boolean =>
  Object.keys(wanted).every((key) => Object.hasOwn(labels, key) && labels[key] === wanted[key]);

/** Kubernetes' rules: an empty selector matches everything; `NotIn` also holds when the label is absent. */
export const matchesSelector = (selector: Selector, labels: Labels): boolean =>
  matchesLabels(selector.matchLabels ?? {}, labels) &&
  (selector.matchExpressions ?? []).every(({ key, operator, values }) => {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    switch (operator) {
      case 'In':
        return value !== undefined && values?.includes(value) === true;
      case 'NotIn':
        return value === undefined || values?.includes(value) !== true;
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
      default:
        return false;
    }
  });
