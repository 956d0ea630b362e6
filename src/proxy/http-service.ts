import { Exchange } from './exchange.ts';
import type { HeadError } from './http1/head.ts';
import { ServerConnection } from './http1/server-connection.ts';
import { Http2ServerConnection } from './http2/server-connection.ts';
import type { Link, LinkOwner } from './link.ts';
import { type LocalAnswer, refusal } from './local-answer.ts';
import type { Place } from './place.ts';
import type { Member, ProxyState } from './proxy-state.ts';
import type { DownstreamStream, RequestHandler, RequestSink } from './stream.ts';

/** The proxy that takes a request, and where it is to be thought of as captured. */
export interface Reception {
  readonly state: ProxyState;
  readonly place: Place;
}

/** Who receives a request of a connection whose requests may be for many; or the answer when nobody does. */
export type Receive = (downstream: DownstreamStream) => Reception | LocalAnswer;

/** Serves HTTP/1.1 on a link: every request an exchange. The link's first bytes may have been read already. */
export const serveHttp = (state: ProxyState, link: Link, place: Place, receive?: Receive): ServerConnection => {
  const connection = new ServerConnection(link, new HttpService({ state, place }, receive), state.clock.monotonicMs());
  state.add(connection);
  return connection;
};

/** The same in HTTP/2; the client's preface is still to be read. */
export const serveHttp2 = (state: ProxyState, link: Link, place: Place, receive?: Receive): LinkOwner => {
  const handler = new HttpService({ state, place }, receive);
  const server = new Http2ServerConnection(link, handler, state.clock.monotonicMs());
  state.add(server);
  return server.connection;
};

class HttpService implements RequestHandler {
  private readonly home: Reception;
  private readonly receive: Receive | undefined;

  constructor(home: Reception, receive: Receive | undefined) {
    this.home = home;
    this.receive = receive;
  }

  onRequest(connection: DownstreamStream): RequestSink {
    const reception = this.receive === undefined ? this.home : this.receive(connection);
    if ('place' in reception) return new Exchange(reception.state, reception.place, connection);
    return new Answered(new Exchange(this.home.state, this.home.place, connection), reception);
  }

  onRefused(connection: DownstreamStream, error: HeadError): void {
    const exchange = new Exchange(this.home.state, this.home.place, connection);
    exchange.takeNames();
    exchange.answer(refusal(error.status, error.details));
  }

  onConnectionGone(connection: Member): void {
    this.home.state.remove(connection);
  }
}

/** A request whose answer is known before it has begun. */
class Answered implements RequestSink {
  private readonly exchange: Exchange;
  private readonly answer: LocalAnswer;

  constructor(exchange: Exchange, answer: LocalAnswer) {
    this.exchange = exchange;
    this.answer = answer;
  }

  begin(): void {
    this.exchange.takeNames();
    this.exchange.answer(this.answer);
  }

  onRequestBody(): void {}

  onDownstreamDrain(): void {}

  onDownstreamGone(isReset: boolean): void {
    this.exchange.onDownstreamGone(isReset);
  }
}
