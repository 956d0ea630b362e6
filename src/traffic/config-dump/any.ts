/** A message of Envoy's as an `Any` in JSON: its type's name, below `type.googleapis.com/`, in front of its fields. */
export const anyOf = (type: string, fields: object): object => ({ '@type': `type.googleapis.com/${type}`, ...fields });

/** A filter, transport socket or other extension by its name, with its configuration. */
export const extension = (name: string, type: string, config: object): object => ({
  name,
  typed_config: anyOf(type, config),
});

/** A protobuf Duration in JSON: `0.250s`. */
export const seconds = (ms: number): string => `${ms / 1000}s`;

/** A socket address. */
export const socketAddress = (address: string, port: number): object => ({
  socket_address: { address, port_value: port },
});

/** A share of 100 to four places, as Istio writes it. */
export const fractionalPercent = (percent: number): object => ({
  numerator: Math.round(percent * 10_000),
  denominator: 'MILLION',
});
