import type { OperatorSource } from '../traffic/header-operators.ts';
import type { ExchangeView } from './exchange-view.ts';

/** What command operators in header values can say about an exchange; the response's side is empty before there is one. */
export const operatorsOf = (exchange: ExchangeView): OperatorSource => ({
  plain: (name) => plainValue(exchange, name),
  request: (name) => {
    switch (name) {
      case ':path':
        return exchange.downstream.request.path;
      case ':authority':
      case 'host':
        return exchange.authority;
      case ':method':
        return exchange.method;
      case ':scheme':
        return exchange.downstream.request.scheme;
      default:
        return exchange.downstream.editor.valuesOf(name)[0] ?? '';
    }
  },
  response: (name) => (name === ':status' ? String(exchange.status) : (exchange.responseHead?.values(name)[0] ?? '')),
});

const plainValue = (exchange: ExchangeView, name: string): string | undefined => {
  const { place } = exchange;
  switch (name) {
    case 'PROTOCOL':
      return exchange.downstream.protocol;
    case 'DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT':
      return place.remoteAddress;
    case 'DOWNSTREAM_REMOTE_ADDRESS':
      return `${place.remoteAddress}:${place.remotePort}`;
    case 'DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT':
      return place.address;
    case 'DOWNSTREAM_LOCAL_ADDRESS':
      return `${place.address}:${place.port}`;
    case 'DOWNSTREAM_PEER_URI_SAN':
      return place.tls?.peerPrincipal ?? '';
    case 'HOSTNAME':
      return exchange.tables.node.pod;
    case 'UPSTREAM_HOST':
      return exchange.sending?.endpoint?.key ?? '';
    case 'UPSTREAM_CLUSTER':
      return exchange.cluster?.name ?? '';
    case 'ROUTE_NAME':
      return exchange.route?.name ?? '';
    case 'RESPONSE_CODE':
      return String(exchange.status);
    case 'RESPONSE_FLAGS':
      return exchange.flags === '' ? '-' : exchange.flags;
    case 'RESPONSE_CODE_DETAILS':
      return exchange.details;
    default:
      return undefined;
  }
};
