// Serves the views and functions of schema.sql: DATABASE_URL says of which database, the argument on which port. In production mode: nothing is watched,
// explained or drawn, and there is neither a page nor a WebSocket.
import { createServer } from "node:http";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { postgraphile } from "postgraphile";

const service = makePgService({
  connectionString: process.env.DATABASE_URL,
  schemas: ["peer"],
  pubsub: false,
  // As many connections as Regulars has, with the same settings; statements are prepared by default.
  poolConfig: { max: 10, min: 10, options: "-c jit=off -c timezone=UTC" },
});

const server = createServer();
server.keepAliveTimeout = 60_000;
const served = postgraphile({
  extends: [PostGraphileAmberPreset],
  pgServices: [service],
  schema: { defaultBehavior: "+connection +list +resource:connection +resource:list" },
  grafast: { explain: false },
  grafserv: { graphiql: false, websockets: false, watch: false },
}).createServ(grafserv);
await served.addTo(server);
await served.ready();
server.listen(Number(process.argv[2]), "127.0.0.1");
process.on("SIGTERM", () => process.exit(0));
