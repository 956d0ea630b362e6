// The backend of the benchmark: as little as answers HTTP/1.1. Prints its port when it listens.
import { createServer } from 'node:net';

const bytes = Number(process.argv[2] ?? 128);
const answer = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-length: ${bytes}\r\n\r\n${'x'.repeat(bytes)}`,
);

const server = createServer({ noDelay: true }, (socket) => {
  let matched = 0;
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    // Requests have no bodies here: every empty line is the end of one.
    for (const byte of chunk) {
      matched = byte === (matched % 2 === 0 ? 13 : 10) ? matched + 1 : byte === 13 ? 1 : 0;
      if (matched < 4) continue;
      matched = 0;
      socket.write(answer);
    }
  });
});
server.listen(Number(process.argv[3] ?? 0), '127.0.0.1', () => {
  const address = server.address();
  console.log(typeof address === 'object' && address !== null ? address.port : 0);
});
