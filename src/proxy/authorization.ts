/** The facts that authorization decides on, taken from a connection and its request. */
import { type AuthorizationDecision, authorize, type Denial, type RequestFacts } from '../traffic/authorize.ts';
import type { Authorization, ProxyTables } from '../traffic/tables.ts';
import type { Claims } from '../traffic/token-rules.ts';
import type { Forwarded } from './forwarded-headers.ts';
import type { HeaderEditor } from './http1/header-editor.ts';
import type { RequestView } from './http1/request-view.ts';
import type { Place } from './place.ts';
import { remoteAddressOf } from './remote-address.ts';

/** A request as it stands when its route is known and no header operation of the mesh has been applied. */
interface AuthorizedRequest {
  readonly request: RequestView;
  readonly editor: HeaderEditor;
  readonly forwarded: Forwarded;
}

/** Decides about a request at a place; `isChecked`: its authorizer has allowed it. What a sidecar sends for its own application is not asked about. */
export const authorizeRequest = (
  tables: ProxyTables,
  place: Place,
  asked: AuthorizedRequest,
  isChecked: boolean,
): AuthorizationDecision => {
  const { authorization } = tables;
  if (authorization === undefined || place.direction === 'outbound') return authorize(undefined, place, undefined);
  return authorize(authorization.http, place, new AskedRequest(place, authorization, asked), isChecked);
};

class AskedRequest implements RequestFacts {
  private readonly place: Place;
  private readonly authorization: Authorization;
  private readonly asked: AuthorizedRequest;

  constructor(place: Place, authorization: Authorization, asked: AuthorizedRequest) {
    this.place = place;
    this.authorization = authorization;
    this.asked = asked;
  }

  get method(): string {
    return this.asked.request.method;
  }

  get path(): string {
    return this.asked.request.path;
  }

  get authority(): string {
    return this.asked.request.authority;
  }

  get scheme(): string {
    return this.asked.request.scheme;
  }

  get claims(): Claims | undefined {
    return this.asked.request.claims;
  }

  get remoteAddress(): string {
    const { request, forwarded } = this.asked;
    return remoteAddressOf(this.place, request, forwarded, this.authorization.trustedProxies);
  }

  /** What the client sent less what is not believed, and with what every request of the mesh carries. */
  headerValues(name: string): readonly string[] {
    return this.asked.editor.valuesOf(name);
  }
}

/**
 * Who the client is was settled by its connection; here it only has to be enough for the tables of this request: the
 * port may have turned STRICT while a plaintext connection was open. Envoy would have closed it with its listener.
 */
export const isAuthenticated = (tables: ProxyTables, { direction, port, tls }: Place): boolean =>
  direction !== 'inbound' ||
  tls !== undefined ||
  (tables.inbound.get(port)?.mtls ?? tables.inboundDefault) !== 'STRICT';

/** Decides about a connection without HTTP. */
export const authorizeConnection = (tables: ProxyTables, place: Place, isChecked = false): AuthorizationDecision =>
  authorize(place.direction === 'outbound' ? undefined : tables.authorization?.tcp, place, undefined, isChecked);

/** As Envoy's logs say it. */
export const denialDetails = ({ policy }: Denial): string => `rbac_access_denied_matched_policy[${policy}]`;
