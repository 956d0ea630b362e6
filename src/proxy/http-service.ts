import { Exchange } from './exchange.ts';
import type { HeadError } from './http1/head.ts';
import { type RequestHandler, type RequestSink, ServerConnection } from './http1/server-connection.ts';
import type { Link } from './link.ts';
import { type LocalAnswer, refusal } from './local-answer.ts';
import type { Place } from './place.ts';
import type { ProxyState } from './proxy-state.ts';

/** Where a request is to be thought of as captured, and under which Host; or the answer when that cannot be said. */
export type PlaceOf = (connection: ServerConnection) => Place | LocalAnswer;

/** Serves HTTP/1.1 on a link: every request an exchange. The link's first bytes may have been read already. */
export const serveHttp = (state: ProxyState, link: Link, place: Place, placeOf?: PlaceOf): ServerConnection => {
  const connection = new ServerConnection(link, new HttpService(state, place, placeOf), state.clock.monotonicMs());
  state.add(connection);
  return connection;
};

class HttpService implements RequestHandler {
  private readonly state: ProxyState;
  private readonly place: Place;
  private readonly placeOf: PlaceOf | undefined;

  constructor(state: ProxyState, place: Place, placeOf: PlaceOf | undefined) {
    this.state = state;
    this.place = place;
    this.placeOf = placeOf;
  }

  onRequest(connection: ServerConnection): RequestSink {
    const place = this.placeOf === undefined ? this.place : this.placeOf(connection);
    if ('direction' in place) return new Exchange(this.state, place, connection);
    return new Answered(new Exchange(this.state, this.place, connection), place);
  }

  onRefused(connection: ServerConnection, error: HeadError): void {
    const exchange = new Exchange(this.state, this.place, connection);
    exchange.takeNames();
    exchange.answer(refusal(error.status, error.details));
  }

  onConnectionGone(connection: ServerConnection): void {
    this.state.remove(connection);
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

  onDownstreamGone(): void {
    this.exchange.onDownstreamGone();
  }
}
