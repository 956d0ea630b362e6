// The load of the benchmark: keep-alive connections, one request at a time on each, for a while. Prints JSON.
import { connect } from 'node:net';

const [port, connections, milliseconds] = process.argv.slice(2).map(Number);
const request = Buffer.from(
  'GET /api/things?page=1 HTTP/1.1\r\nhost: shop.example.com\r\nuser-agent: bench/1.0\r\naccept: */*\r\n\r\n',
);

let requests = 0;
let failures = 0;
const latencies = new Float64Array(2_000_000);
const endsAt = performance.now() + (milliseconds ?? 2_000);

const one = (): Promise<void> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: port ?? 0, noDelay: true });
    let left = -1;
    let sentAt = 0;
    const send = (): void => {
      sentAt = performance.now();
      socket.write(request);
    };
    socket.on('connect', send);
    socket.on('error', () => {
      failures += 1;
    });
    socket.on('close', () => resolve());
    let head = '';
    socket.on('data', (chunk) => {
      let rest = chunk.length;
      if (left < 0) {
        head += chunk.toString('latin1');
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        if (!head.startsWith('HTTP/1.1 200')) failures += 1;
        left = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
        rest = head.length - end - 4;
        head = '';
      }
      left -= rest;
      if (left > 0) return;
      left = -1;
      const now = performance.now();
      latencies[requests % latencies.length] = now - sentAt;
      requests += 1;
      if (now < endsAt) send();
      else socket.destroy();
    });
  });

await Promise.all(Array.from({ length: connections ?? 64 }, one));
const sorted = latencies.subarray(0, Math.min(requests, latencies.length)).sort();
const at = (share: number): number => Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 1000);
console.log(JSON.stringify({ requests, failures, p50Us: at(0.5), p99Us: at(0.99) }));
