// SPDX-License-Identifier: Apache-2.0
// A reverse proxy that has the server below a path, which it strips; WebSockets pass, too.
import {createServer, request} from 'node:http';
import {connect} from 'node:net';

function pass(target, prefix, incoming, response) {
  if (!incoming.url.startsWith(`${prefix}/`)) {
    response.writeHead(404).end();
    return;
  }
  const onward = request({
    host: target.hostname, port: target.port, method: incoming.method, headers: incoming.headers,
    path: incoming.url.slice(prefix.length),
  }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  incoming.pipe(onward);
}

function passSocket(target, prefix, incoming, socket) {
  const onward = connect(Number(target.port), target.hostname, () => {
    const head = [`GET ${incoming.url.slice(prefix.length)} HTTP/1.1`];
    for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
      head.push(`${incoming.rawHeaders[i]}: ${incoming.rawHeaders[i + 1]}`);
    }
    onward.write(`${head.join('\r\n')}\r\n\r\n`);
    onward.pipe(socket).pipe(onward);
  });
  onward.on('error', () => socket.destroy());
  socket.on('error', () => onward.destroy());
}

// Starts it; returns {url, close()}.
export async function startProxy(targetUrl, prefix) {
  const target = new URL(targetUrl);
  const server = createServer((incoming, response) => pass(target, prefix, incoming, response));
  server.on('upgrade', (incoming, socket) => passSocket(target, prefix, incoming, socket));
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${server.address().port}${prefix}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
